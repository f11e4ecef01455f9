import { describe, expect, it } from 'vitest'
import type { Report } from '$lib/api/reports'
import { change, duration, historyOf, queryOf, viewOf } from './report'

const view = (query: string) => viewOf(new URLSearchParams(query))

describe('the view in the address', () => {
  it.each([
    ['', { range: '7d', by: 'provider', compare: true }],
    ['range=30d&by=country&compare=no', { range: '30d', by: 'country', compare: false }],
    ['range=year&by=planet&since=yesterday', { range: '7d', by: 'provider', since: '' }],
    ['since=2026-11-01', { range: 'custom', since: '2026-11-01', until: '' }],
  ])('of %j', (query, want) => expect(view(query)).toMatchObject(want))
})

describe('the question to the server', () => {
  it('names a range', () =>
    expect(queryOf(view('range=today'), 'UTC')).toEqual({ range: 'today', group_by: 'provider' }))
  it('takes days as those of the zone, the last one included', () =>
    expect(queryOf(view('range=custom&since=2026-11-01&until=2026-11-30&by=day'), 'Africa/Nairobi')).toEqual({
      from: '2026-10-31T21:00:00.000Z',
      to: '2026-11-30T21:00:00.000Z',
      group_by: 'day',
    }))
  it('waits for a first day', () => expect(queryOf(view('range=custom'), 'UTC')).toBeUndefined())
})

describe('numbers', () => {
  it.each([
    [110, 100, { way: 'up', share: 0.1 }],
    [50, 100, { way: 'down', share: 0.5 }],
    [7, 7, { way: 'same', share: 0 }],
    [7, 0, { way: 'new', share: 0 }],
  ])('%d after %d', (now, before, want) => expect(change(now, before)).toEqual(want))
  it.each([
    [850, { value: 850, unit: 'millisecond' }],
    [2449, { value: 2.4, unit: 'second' }],
    [59_600, { value: 60, unit: 'second' }],
    [90_000, { value: 1.5, unit: 'minute' }],
    [36_000_000, { value: 10, unit: 'hour' }],
  ])('%d ms', (ms, want) => expect(duration(ms)).toEqual(want))
})

describe('the history behind a group', () => {
  const report = (group_by: Report['group_by']) =>
    ({
      group_by,
      from: '2026-11-01T00:00:00Z',
      to: '2026-11-03T00:00:00Z',
      series: [{ start: '2026-11-01T00:00:00Z' }, { start: '2026-11-02T00:00:00Z' }],
    }) as Report
  const range = 'since=2026-11-01T00%3A00%3A00Z&until=2026-11-03T00%3A00%3A00Z'
  it.each([
    ['provider', 'prv_1', `/messages?${range}&provider=prv_1`],
    ['sender', 'SMSir', `/messages?${range}&from=SMSir`],
    ['person', '', ''],
    ['country', 'KE', ''],
    ['network', '63902', ''],
    ['campaign', 'cmp_1', '/campaigns?id=cmp_1'],
    ['campaign', '', ''],
    [
      'day',
      '2026-11-01T00:00:00Z',
      '/messages?since=2026-11-01T00%3A00%3A00Z&until=2026-11-02T00%3A00%3A00Z',
    ],
    [
      'day',
      '2026-11-02T00:00:00Z',
      '/messages?since=2026-11-02T00%3A00%3A00Z&until=2026-11-03T00%3A00%3A00Z',
    ],
  ] as const)('%s %s', (by, id, want) => expect(historyOf(report(by), id)).toBe(want))
})
