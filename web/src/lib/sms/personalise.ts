/**
 * Texts with variables: `{{name}}`, or `{{name|what to write where there is none}}`. Whatever else stands in braces is
 * text, and values are never read as text with variables. The server renders campaigns by the same test vectors.
 */
type Part = string | { key: string; fallback: string; covered: boolean }
export type Values = Readonly<Record<string, string>>

const KEY = /^[\p{L}_][\p{L}\p{N}_]{0,39}$/u

/** The name of a variable as it is compared; null if it is none. */
export function keyOf(name: string): string | null {
  const key = name
    .trim()
    .toLowerCase()
    .split(/[ \-\t\u00a0]+/)
    .filter(Boolean)
    .join('_')
  return KEY.test(key) ? key : null
}

function parse(text: string): Part[] {
  const parts: Part[] = []
  for (;;) {
    const first = text.indexOf('{{')
    const end = first < 0 ? -1 : text.indexOf('}}', first + 2)
    if (end < 0) return [...parts, text]
    // The last opening before the end is the variable's.
    const open = text.slice(0, end).lastIndexOf('{{')
    const inside = text.slice(open + 2, end)
    const bar = inside.indexOf('|')
    const key = keyOf(bar < 0 ? inside : inside.slice(0, bar))
    if (key === null) parts.push(text.slice(0, end + 2))
    else {
      const fallback = bar < 0 ? '' : inside.slice(bar + 1).trim()
      parts.push(text.slice(0, open), { key, fallback, covered: bar >= 0 })
    }
    text = text.slice(end + 2)
  }
}

/** A text that was read once, to be rendered for many people. */
export class Personal {
  #parts: Part[]
  /** What it asks for, each once, in order. */
  readonly variables: string[]

  constructor(text: string) {
    this.#parts = parse(text)
    this.variables = [...new Set(this.#parts.flatMap((p) => (typeof p === 'string' ? [] : [p.key])))]
  }

  /** Puts values in. `gap` says that one without a fallback was missing: nothing stands there, or with `keep` its name. */
  render(values: Values = {}, keep = false): { text: string; gap: boolean } {
    let gap = false
    const text = this.#parts.map((p) => {
      if (typeof p === 'string') return p
      const value = Object.hasOwn(values, p.key) ? values[p.key] : ''
      if (!value && !p.covered) {
        gap = true
        if (keep) return `{{${p.key}}}`
      }
      return value || p.fallback
    })
    return { text: text.join(''), gap }
  }
}
