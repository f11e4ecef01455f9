/** A small subset of ICU MessageFormat: `{x}`, `{n, plural, =0 {…} one {…} other {…}}` with `#`, nested. */
export type Params = Record<string, string | number | null | undefined>

const made = new Map<string, unknown>()

/** A formatter, made once for its locale and options: making one takes a thousand times as long as using it. */
export function intl<T, O>(
  kind: new (locale: string, options: O) => T,
  locale: string,
  options: NoInfer<O>,
): T {
  const key = `${kind.name} ${locale} ${JSON.stringify(options)}`
  if (!made.has(key)) made.set(key, new kind(locale, options))
  return made.get(key) as T
}

const pluralRule = (locale: string, n: number) => intl(Intl.PluralRules, locale, {}).select(n)

/** Small whole numbers look alike in every language of the app; most pages have no others, and need no formatter. */
const number = (locale: string, n: number) =>
  Number.isInteger(n) && n >= 0 && n < 1000 ? String(n) : intl(Intl.NumberFormat, locale, {}).format(n)

/** Fills a message. A missing parameter becomes an empty string; broken syntax is shown as it stands. */
export function format(message: string, locale: string, params: Params = {}, hash?: number): string {
  let out = ''
  for (let i = 0; i < message.length; i++) {
    const c = message[i]!
    if (c === '#' && hash !== undefined) {
      out += number(locale, hash)
    } else if (c === '{') {
      const end = closing(message, i)
      out += placeholder(message.slice(i + 1, end), locale, params)
      i = end
    } else {
      out += c
    }
  }
  return out
}

function placeholder(body: string, locale: string, params: Params): string {
  const m = /^\s*(\w+)\s*(?:,\s*plural\s*,([\s\S]*))?$/.exec(body)
  if (!m) return `{${body}}`
  const value = params[m[1]!]
  if (m[2] === undefined) return typeof value === 'number' ? number(locale, value) : String(value ?? '')
  const n = Number(value)
  const arms = parseArms(m[2])
  return format(arms[`=${n}`] ?? arms[pluralRule(locale, n)] ?? arms.other ?? '', locale, params, n)
}

/** Index of the brace that closes the one at `start`; the end of the text when it is never closed. */
function closing(s: string, start: number): number {
  let depth = 0
  for (let i = start; i < s.length; i++) {
    if (s[i] === '{') depth++
    else if (s[i] === '}' && --depth === 0) return i
  }
  return s.length
}

/** Splits `one {…} other {…}` into its arms. */
export function parseArms(s: string): Record<string, string> {
  const arms: Record<string, string> = {}
  for (let i = 0; i < s.length;) {
    const open = s.indexOf('{', i)
    if (open < 0) break
    const end = closing(s, open)
    arms[s.slice(i, open).trim()] = s.slice(open + 1, end)
    i = end + 1
  }
  return arms
}
