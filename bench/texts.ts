/** The text that the answers are made of: the same in every run, because it comes from a seed. */

/** A whole number from 0 up to, but not including, `below`. */
export type Random = (below: number) => number

/** xorshift32: a small generator whose numbers depend on nothing but the seed. */
export function seeded(seed: number): Random {
  let state = seed
  return (below) => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % below
  }
}

// Tokens as models cut them: mostly short words with their space in front, some pieces of words,
// and now and then what JSON must escape or UTF-8 writes in more than one byte.
const COMMON =
  ' the| of| and| to| in| a| is| that| for| with| as| on| are| it| this| by| be| from| or| an| which| you|' +
  ' can| when| each| value| stream| server| answer| between| because| reading| example| function|' +
  ' connection| therefore|ing|ed|ly|tion|able|ment|s|er|,|,|.|.|:| (|)|-'
const RARE =
  '\n\n|\n|```\n|  const x = "y"\n| \\n|**| – |“|” | café| naïve| größer| 東京| 🙂| 👩‍👩‍👧'
const common = COMMON.split('|')
const rare = RARE.split('|')

/** `count` deltas of text. */
export function deltas(seed: number, count: number): string[] {
  const random = seeded(seed)
  return Array.from({ length: count }, () => {
    const words = random(20) === 0 ? rare : common
    return words[random(words.length)] ?? ''
  })
}

export function hex(random: Random, length: number): string {
  return Array.from({ length }, () => random(16).toString(16)).join('')
}
