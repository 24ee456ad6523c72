/** How often a screen reader is told more, in milliseconds: less often than it can read a sentence. */
const PAUSE_MS = 1500

/**
 * Where the last complete sentence of a text ends; 0 if none does. A sentence is complete when
 * something follows it, so that "3." is not taken for one.
 */
export function sentencesEnd(text: string): number {
  let end = 0
  for (const match of text.matchAll(/[.!?。！？]["')*_]*\s|[。！？]|\n\n/gu)) {
    end = match.index + match[0].length
  }
  return end
}

/** Reads an answer out into a live region: whole sentences, seldom, and the rest when it is over. */
export function createAnnouncer(region: HTMLElement): {
  /** Takes the text as far as it is by now. */
  tell(text: string): void
  /** Says the rest, and how it ended. */
  end(text: string, ending: string): void
  /** Begins with another answer. */
  reset(): void
} {
  let told = 0
  let toldAt = 0

  function say(sentence: string): void {
    const line = document.createElement('p')
    line.textContent = sentence
    region.append(line)
  }

  return {
    tell(text) {
      const end = sentencesEnd(text)
      if (end <= told || performance.now() - toldAt < PAUSE_MS) return
      say(text.slice(told, end))
      told = end
      toldAt = performance.now()
    },
    end(text, ending) {
      if (text.length > told) say(text.slice(told))
      say(ending)
      told = text.length
    },
    reset() {
      told = toldAt = 0
      region.replaceChildren()
    },
  }
}
