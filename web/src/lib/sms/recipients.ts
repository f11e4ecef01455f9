import { country } from './countries'

/**
 * Recipients as people write and paste them. This is a helper for the form: it turns what is clearly a number into
 * E.164 and leaves the rest for the person to correct. The server, which knows every numbering plan, decides.
 */
export interface Parsed {
  /** New recipients in E.164, in order, none of them already there. */
  ok: string[]
  /** Pieces that hold no usable number, as they were typed. */
  bad: string[]
  /** How many were left out because they were already there. */
  duplicates: number
}

// Numbers of the North American plan have ten digits behind the 1; of others only the bounds of E.164 are certain.
const E164 = /^\+(?:1[2-9]\d{9}|[2-9]\d{6,14})$/
const PHONE_RUN = /(?:\+|\(|\b00)?\d[\d\s()./\u2010-\u2015\u00a0-]{4,}\d/g

/** One number in E.164, or null. `region` is the country whose national form is understood. */
export function normalise(raw: string, region: string): string | null {
  const number = raw.replace(/[\s().\u2010-\u2015\u00a0/-]/g, '').replace(/^\+0*(?=0)/, '+')
  if (number.startsWith('+')) return E164.test(number) ? number : null
  if (!/^\d{5,17}$/.test(number)) return null
  const home = country(region)
  if (!home) return number.startsWith('00') && E164.test('+' + number.slice(2)) ? '+' + number.slice(2) : null
  if (home.calling === '1') {
    if (/^011\d{7,}$/.test(number)) return check('+' + number.slice(3))
    if (/^1?[2-9]\d{9}$/.test(number)) return '+1' + number.slice(-10)
    return null
  }
  if (number.startsWith('00')) return check('+' + number.slice(2))
  if (home.trunk && number.startsWith(home.trunk))
    return check(`+${home.calling}${number.slice(home.trunk.length)}`)
  // Typed with the calling code but without the plus sign: only when what follows is long enough for a number.
  if (number.startsWith(home.calling) && number.length >= home.calling.length + 8) return check('+' + number)
  return number.length >= 7 ? check(`+${home.calling}${number}`) : null
}

const check = (number: string) => (E164.test(number) ? number : null)

/** Splits a pasted text into recipients. Spaces and dashes inside one number are formatting, not separators. */
export function parseRecipients(raw: string, region: string, have: readonly string[] = []): Parsed {
  const seen = new Set(have)
  const result: Parsed = { ok: [], bad: [], duplicates: 0 }
  const add = (number: string) => {
    if (seen.has(number)) result.duplicates++
    else {
      seen.add(number)
      result.ok.push(number)
    }
  }
  for (const piece of raw
    .split(/[,;\n\r\t|]+/)
    .map((x) => x.trim())
    .filter(Boolean)) {
    const whole = normalise(piece, region)
    if (whole) {
      add(whole)
      continue
    }
    const found = numbersIn(piece, region)
    if (found.length) found.forEach(add)
    else result.bad.push(piece)
  }
  return result
}

/** Numbers inside a piece that is more than one number: "Call John 0712-345 678", "+12025550100 +12025550101". */
function numbersIn(piece: string, region: string): string[] {
  const words = piece.split(/\s+/)
  const each = words.map((w) => normalise(w, region))
  if (words.length > 1 && each.every((n) => n !== null)) return each as string[]
  const runs = piece.match(PHONE_RUN) ?? []
  return runs.map((r) => normalise(r, region)).filter((n) => n !== null)
}
