import { describe, expect, it } from 'vitest'
import { instantToZoned, zonedToInstant } from './zone'

describe('zonedToInstant', () => {
  it.each([
    ['plain', '2026-11-23T09:00', 'Africa/Nairobi', '2026-11-23T06:00:00.000Z'],
    ['half hours', '2026-11-23T09:00', 'Asia/Kolkata', '2026-11-23T03:30:00.000Z'],
    ['UTC', '2026-11-23T09:00', 'UTC', '2026-11-23T09:00:00.000Z'],
    ['gap in Berlin moves forward', '2026-03-29T02:30', 'Europe/Berlin', '2026-03-29T01:30:00.000Z'],
    ['gap in New York moves forward', '2026-03-08T02:30', 'America/New_York', '2026-03-08T07:30:00.000Z'],
    ['fold in Berlin is the first pass', '2026-10-25T02:30', 'Europe/Berlin', '2026-10-25T00:30:00.000Z'],
    [
      'fold in New York is the first pass',
      '2026-11-01T01:30',
      'America/New_York',
      '2026-11-01T05:30:00.000Z',
    ],
    ['far ahead of UTC', '2026-01-01T00:30', 'Pacific/Kiritimati', '2025-12-31T10:30:00.000Z'],
  ])('%s', (_, local, zone, want) => expect(zonedToInstant(local, zone)?.toISOString()).toBe(want))

  it.each(['', 'tomorrow', '2026-13-01T09:00', '2026-11-23'])('refuses %j', (text) =>
    expect(zonedToInstant(text, 'UTC')).toBeNull(),
  )
  it('comes back', () => {
    const instant = new Date('2026-07-01T12:34:00Z')
    expect(instantToZoned(instant, 'America/New_York')).toBe('2026-07-01T08:34')
    expect(zonedToInstant('2026-07-01T08:34', 'America/New_York')).toEqual(instant)
  })
})
