import { segmentInfo, toGsm } from '$lib/sms/segments'
import type { Letter } from './letters'

/** How long letters are together, which is the longest, and how many have how many segments. */
export type Lengths = ReturnType<typeof lengths>

/** How long letters are. `smart`: the workspace replaces typographic characters by itself. */
export function lengths(letters: Letter[], smart: boolean) {
  const shares = new Map<number, number>()
  const known = new Map<string, number>()
  let segments = 0
  let longest: Letter | undefined
  let most = 0
  for (const l of letters) {
    let n = known.get(l.text)
    if (n === undefined) {
      n = segmentInfo((smart && toGsm(l.text)) || l.text).segments
      known.set(l.text, n)
    }
    segments += n
    shares.set(n, (shares.get(n) ?? 0) + 1)
    if (!longest || n > most || (n === most && l.text.length > longest.text.length)) longest = l
    most = Math.max(most, n)
  }
  return { segments, longest, shares: [...shares].sort(([a], [b]) => a - b) }
}
