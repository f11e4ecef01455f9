import { expect, test } from 'vitest'
import { parseSearch, type SearchContext } from './search'

const context: SearchContext = {
  region: 'KE',
  zone: 'Africa/Nairobi',
  providers: [
    { id: 'prv_1', name: 'Simulator' },
    { id: 'prv_2', name: "Africa's Talking" },
  ],
  me: 'usr_1',
}
const parse = (raw: string) => parseSearch(raw, context)

test.each([
  ['', {}],
  ['parcel for Ada', { text: 'parcel for Ada' }],
  ['0712 345 678', { to: '+254712345678' }],
  ['+12025550100', { to: '+12025550100' }],
  ['status:failed to:0712', { status: 'failed', to: '712' }],
  ['status:failed,Undelivered', { status: 'failed,undelivered' }],
  ['to:+254712', { to: '+254712' }],
  ['to:0712345678 parcel', { to: '+254712345678', text: 'parcel' }],
  ['text:"two words" status:sent', { text: 'two words', status: 'sent' }],
  ['"status:failed" as words', { text: 'status:failed as words' }],
  ['http://example.com', { text: 'http://example.com' }],
  ['at 10:30', { text: 'at 10:30' }],
  ['provider:"Africa\'s Talking"', { provider: 'prv_2' }],
  ['provider:sim by:me', { provider: 'prv_1', created_by: 'usr_1' }],
  ['from:SMSir', { from: 'SMSir' }],
  [
    'since:2026-11-01 until:2026-11-02',
    { since: '2026-10-31T21:00:00.000Z', until: '2026-11-02T21:00:00.000Z' },
  ],
  ['since:2026-11-01T09:00:00Z', { since: '2026-11-01T09:00:00.000Z' }],
  ['parcel status:', { text: 'parcel' }],
  ['STATUS:failed', { status: 'failed' }],
])('%s', (raw, filters) => {
  expect(parse(raw)).toEqual({ filters, bad: [] })
})

test('a filter that is none is named, and the rest counts', () => {
  expect(parse('status:lost to:x since:yesterday provider:none by:Eve text:hi')).toEqual({
    filters: { text: 'hi' },
    bad: ['status:lost', 'to:x', 'since:yesterday', 'provider:none', 'by:Eve'],
  })
})
