/** Finds where a JSON value ends, wherever the text is cut. It does not validate. */
export interface JsonScan {
  /**
   * Goes on in `text` from `from`. Returns the index behind the value's last character, or -1 if
   * the value goes on. The first character must not be white space. After an end it starts anew.
   */
  next(text: string, from: number): number
}

/** Scans an object, array or string up to its last character, a number or word up to the one after. */
export function scanJson(): JsonScan {
  let depth = 0
  let inString = false
  let inScalar = false
  let escaped = false
  const structure = /["{}[\]]/g
  const stringEnd = /["\\]/g
  const scalarEnd = /[\s,\]}]/g

  return {
    next(text, from) {
      let at = from
      if (depth === 0 && !inString && !inScalar && at < text.length) {
        inScalar = !'{["'.includes(text.charAt(at))
        if (inScalar) at++
      }
      if (inScalar) {
        scalarEnd.lastIndex = at
        const end = scalarEnd.exec(text)
        if (end === null) return -1
        inScalar = false
        return end.index
      }
      while (at < text.length) {
        if (escaped) {
          escaped = false
          at++
          continue
        }
        const pattern = inString ? stringEnd : structure
        pattern.lastIndex = at
        const hit = pattern.exec(text)
        if (hit === null) return -1
        at = hit.index + 1
        const character = hit[0]
        if (character === '\\') escaped = true
        else if (character === '"') inString = !inString
        else if (character === '{' || character === '[') depth++
        else depth--
        if (depth <= 0 && !inString && !escaped) {
          depth = 0
          return at
        }
      }
      return -1
    },
  }
}
