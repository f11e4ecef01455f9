/**
 * Wall-clock times in a named zone. A time that a change of the clock skips moves forward by the gap; a time that
 * it repeats means the first pass: the same rule as the server's.
 */
const parts = new Map<string, Intl.DateTimeFormat>()

function wallClock(instant: number, zone: string): number {
  let f = parts.get(zone)
  if (!f) {
    f = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    })
    parts.set(zone, f)
  }
  const p = Object.fromEntries(f.formatToParts(instant).map((x) => [x.type, Number(x.value)]))
  return Date.UTC(p.year!, p.month! - 1, p.day!, p.hour!, p.minute!, p.second!)
}

/** Offset of a zone from UTC at an instant, in milliseconds east. */
const offset = (instant: number, zone: string) => wallClock(instant, zone) - Math.floor(instant / 1000) * 1000

/** `2026-11-23T09:00` in a zone as an instant; null when the text is no such time. */
export function zonedToInstant(local: string, zone: string): Date | null {
  const m = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d)(?::(\d\d))?$/.exec(local)
  if (!m) return null
  const [y, mo, d, h, mi, s] = m.slice(1).map((x) => Number(x ?? 0)) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  const wall = Date.UTC(y, mo - 1, d, h, mi, s)
  if (Number.isNaN(wall) || mo < 1 || mo > 12 || h > 23 || mi > 59) return null
  const day = 86_400_000
  const before = offset(wall - day, zone)
  const after = offset(wall + day, zone)
  // Of the two offsets around the change, the one that gives back the wall time; the earlier instant in a repeat.
  const candidates = [wall - before, wall - after].filter((i) => wallClock(i, zone) === wall)
  return new Date(candidates.length ? Math.min(...candidates) : wall - before)
}

/** An instant as `2026-11-23T09:00` in a zone: the value of a datetime-local field. */
export const instantToZoned = (instant: Date, zone: string): string =>
  new Date(wallClock(instant.getTime(), zone)).toISOString().slice(0, 16)

/** The zones this browser knows, for a list to choose from. */
export const zones = (): string[] => {
  const all = Intl.supportedValuesOf?.('timeZone') ?? []
  return all.includes('UTC') ? all : ['UTC', ...all]
}

export const deviceZone = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC'
