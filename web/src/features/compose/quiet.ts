import type { Schemas } from '$lib/api/types'
import { zonedToInstant } from '$lib/time/zone'

/** Hours in which no phone shall ring, `HH:MM`; over midnight when `from` is behind `to`. */
export type Quiet = Pick<Schemas['QuietHours'], 'from' | 'to'>

export function isQuiet(q: Quiet, clock: string): boolean {
  return q.from <= q.to ? clock >= q.from && clock < q.to : clock >= q.from || clock < q.to
}

/** The end of the quiet hours in which a local time lies, as an instant in a zone; null when it lies in none. */
export function quietEnd(q: Quiet, local: string, zone: string): Date | null {
  const [day, clock] = [local.slice(0, 10), local.slice(11, 16)]
  if (!isQuiet(q, clock)) return null
  const tomorrow = new Date(Date.parse(`${day}T00:00Z`) + 86_400_000).toISOString().slice(0, 10)
  return zonedToInstant(`${clock < q.to ? day : tomorrow}T${q.to}`, zone)
}
