/**
 * How many SMS segments a text takes, and why: GSM 7-bit default alphabet and its extension table
 * (3GPP TS 23.038 §6.2.1), UCS-2 otherwise, concatenation by an 8-bit reference (3GPP TS 23.040 §9.2.3.24.1).
 * The server counts again with the same test vectors; this one answers while you type.
 */
export type Encoding = 'gsm7' | 'ucs2'

const BASIC =
  '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà'
const EXTENSION = '\f^{}\\[~]|€'
const basic = new Set(BASIC)
const extension = new Set(EXTENSION)

const LIMITS: Record<Encoding, { single: number; multi: number }> = {
  gsm7: { single: 160, multi: 153 },
  ucs2: { single: 70, multi: 67 },
}

/** Characters that read the same as text of the GSM alphabet. The server's smart encoding holds the same table. */
const lookalikes = new Map<string, string>()
const alike = (to: string, from: string) => [...from].forEach((c) => lookalikes.set(c, to))
alike("'", '`\u00b4ʹʻʼʽˈˊˋ‘’‚‛′‵‹›❛❜＇｀')
alike('"', '«»˝ʺ“”„‟″‶❝❞〝〞＂')
alike('-', '‐‑‒–—―−⁃﹘﹣－•‣⸺')
alike('...', '…⋯')
alike('..', '‥')
alike('.', '·∙․')
alike('/', '⁄∕／')
alike('!!', '‼')
alike('?!', '⁈')
alike('!?', '⁉')
alike(
  ' ',
  '\t\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u2800\u3000\u3164\uffa0',
)
alike('\n', '\v\u0085\u2028\u2029')
alike(
  '',
  '\u00ad\u034f\u061c\u180e\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2061\u2062\u2063\u2064\u2066\u2067\u2068\u2069\ufe0e\ufe0f\ufeff',
)
for (const [from, to] of Object.entries({ ﬀ: 'ff', ﬁ: 'fi', ﬂ: 'fl', ﬃ: 'ffi', ﬄ: 'ffl', ﬅ: 'st', ﬆ: 'st' }))
  alike(to, from)
// Signs and Greek capitals that the alphabet leaves out because a Latin letter looks the same (TS 23.038 §6.2.1).
const SAME_FROM =
  '\u2126\u2206\u220f\u2211\u212a\u212b\u0391\u0392\u0395\u0396\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5\u03a7'
const SAME_TO = 'ΩΔΠΣKÅABEZHIKMNOPTYX'
;[...SAME_FROM].forEach((c, i) => lookalikes.set(c, SAME_TO[i]!))
// Full-width forms, as East Asian keyboards type them.
for (let c = 0xff01; c <= 0xff5e; c++) {
  const from = String.fromCharCode(c)
  if (!lookalikes.has(from)) lookalikes.set(from, String.fromCharCode(c - 0xff01 + 0x21))
}
/** The table, for the test that compares it with the server's. */
export const LOOKALIKES: ReadonlyMap<string, string> = lookalikes

export interface SegmentInfo {
  encoding: Encoding
  /** Septets or UTF-16 code units that the text takes, escapes included. */
  units: number
  segments: number
  /** Units that one segment holds for this length of text. */
  perSegment: number
  /** Units left in the last segment. */
  remaining: number
  /** Distinct characters outside the GSM alphabet, in order of appearance. */
  offenders: string[]
  /** Segments after the one-tap fix; the same as `segments` when there is nothing to fix or no fix. */
  fixedSegments: number
}

const isGsm = (c: string) => basic.has(c) || extension.has(c)

function pack(chars: string[], encoding: Encoding) {
  const cost = (c: string) => (encoding === 'ucs2' ? c.length : extension.has(c) ? 2 : 1)
  const { single, multi } = LIMITS[encoding]
  const units = chars.reduce((n, c) => n + cost(c), 0)
  if (units <= single) return { units, segments: 1, perSegment: single, remaining: single - units }
  // An escape pair or a surrogate pair never straddles two segments.
  let segments = 1
  let used = 0
  for (const c of chars) {
    if (used + cost(c) > multi) {
      segments++
      used = 0
    }
    used += cost(c)
  }
  return { units, segments, perSegment: multi, remaining: multi - used }
}

/** Counts a text. An empty one is one empty segment, as a network would carry it. */
export function segmentInfo(text: string): SegmentInfo {
  const chars = [...text]
  const offenders = [...new Set(chars.filter((c) => !isGsm(c)))]
  const encoding: Encoding = offenders.length ? 'ucs2' : 'gsm7'
  const packed = pack(chars, encoding)
  const info: SegmentInfo = { encoding, ...packed, offenders, fixedSegments: packed.segments }
  const fixed = offenders.length ? toGsm(text) : null
  if (fixed !== null) info.fixedSegments = pack([...fixed], 'gsm7').segments
  return info
}

/**
 * The text in the GSM alphabet, every character outside it replaced by one that reads the same; null when one has no
 * such equivalent. Letters never become other letters.
 */
export function toGsm(text: string): string | null {
  let out = ''
  // A letter with a combining mark behind it becomes one letter first, where the alphabet has it.
  const composed = text.replace(/\p{L}\p{M}/gu, (pair) => {
    const one = pair.normalize('NFC')
    return isGsm(one) ? one : pair
  })
  for (const c of composed) {
    const to = isGsm(c) ? c : lookalikes.get(c)
    if (to === undefined) return null
    out += to
  }
  return out
}
