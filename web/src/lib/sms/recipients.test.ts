import { describe, expect, it } from 'vitest'
import { country, countryCodes } from './countries'
import { normalise, parseRecipients } from './recipients'

describe('normalise', () => {
  it.each([
    ['+12025550100', 'KE', '+12025550100'],
    ['+1 (202) 555-0100', 'KE', '+12025550100'],
    ['(202) 555-0100', 'US', '+12025550100'],
    ['1 202 555 0100', 'US', '+12025550100'],
    ['011 44 7700 900123', 'US', '+447700900123'],
    ['07700 900123', 'GB', '+447700900123'],
    ['00 44 7700 900123', 'KE', '+447700900123'],
    ['447700900123', 'GB', '+447700900123'],
    ['0712 345 678', 'KE', '+254712345678'],
    ['712345678', 'KE', '+254712345678'],
    ['0712345678', '', null],
    ['0712', 'KE', null],
    ['+0712345678', 'KE', null],
    ['+1234567890123456', 'KE', null],
    ['hello', 'KE', null],
    ['', 'KE', null],
  ])('%s in %s', (raw, region, want) => expect(normalise(raw, region)).toBe(want))
})

describe('parseRecipients', () => {
  it('takes five ways of pasting', () => {
    const text = '+12025550100, +12025550101;+12025550102\n+12025550103\t+1 202-555-0104'
    expect(parseRecipients(text, 'US').ok).toEqual([100, 101, 102, 103, 104].map((n) => `+12025550${n}`))
  })
  it('finds numbers among words', () => {
    expect(parseRecipients('Call Ann 07700-900 123, Ben +447700900124', 'GB')).toEqual({
      ok: ['+447700900123', '+447700900124'],
      bad: [],
      duplicates: 0,
    })
  })
  it('parts numbers that only a space parts', () => {
    expect(parseRecipients('+12025550100 +12025550101', 'US').ok).toEqual(['+12025550100', '+12025550101'])
  })
  it('counts what is there already, in another form too', () => {
    expect(parseRecipients('(202) 555-0100, +12025550101', 'US', ['+12025550100', '+12025550101'])).toEqual({
      ok: [],
      bad: [],
      duplicates: 2,
    })
  })
  it('names what is no number and keeps it for correction', () => {
    expect(parseRecipients('+12025550100, 0712', 'US')).toMatchObject({ ok: ['+12025550100'], bad: ['0712'] })
  })
  it('takes 10,000 rows in one paste', () => {
    const rows = Array.from({ length: 10_000 }, (_, i) => `+1202${String(5_550_000 + i)}`)
    expect(parseRecipients(rows.join('\n'), 'US').ok).toHaveLength(10_000)
  })
})

describe('countries', () => {
  it('are ISO codes, each with a calling code', () => {
    expect(countryCodes().length).toBeGreaterThan(230)
    for (const code of countryCodes()) expect(country(code)!.calling, code).toMatch(/^[1-9]\d{0,2}$/)
  })
})
