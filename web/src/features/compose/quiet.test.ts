import { describe, expect, it } from 'vitest'
import { isQuiet, quietEnd } from './quiet'

const night = { from: '21:00', to: '08:00' }
const noon = { from: '12:00', to: '14:00' }

describe('quiet hours', () => {
  it('begin with their first minute and end before their last, also over midnight', () => {
    expect(['20:59', '21:00', '00:00', '07:59', '08:00'].map((c) => isQuiet(night, c))).toEqual([
      false,
      true,
      true,
      true,
      false,
    ])
    expect(['11:59', '12:00', '14:00'].map((c) => isQuiet(noon, c))).toEqual([false, true, false])
  })
  it('end on the recipient’s clock', () => {
    expect(quietEnd(night, '2026-03-02T22:00', 'Africa/Nairobi')?.toISOString()).toBe(
      '2026-03-03T05:00:00.000Z',
    )
    expect(quietEnd(night, '2026-03-03T06:00', 'Africa/Nairobi')?.toISOString()).toBe(
      '2026-03-03T05:00:00.000Z',
    )
    expect(quietEnd(noon, '2026-12-31T13:00', 'UTC')?.toISOString()).toBe('2026-12-31T14:00:00.000Z')
    expect(quietEnd(night, '2026-12-31T23:00', 'UTC')?.toISOString()).toBe('2027-01-01T08:00:00.000Z')
    expect(quietEnd(night, '2026-03-02T12:00', 'Africa/Nairobi')).toBeNull()
  })
})
