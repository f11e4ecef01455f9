import { expect, test } from 'vitest'
import type { Message } from '$lib/api/types'
import { cancelableOf, failedOf, Selection } from './selection.svelte'

const message = (id: string, status: Message['status'], final: boolean, more: Partial<Message> = {}) =>
  ({ id, status, final, cancel_requested: false, ...more }) as Message

const rows = [
  message('1', 'failed', true),
  message('2', 'undelivered', true),
  message('3', 'expired', true),
  message('4', 'blocked', true),
  message('5', 'canceled', true),
  message('6', 'delivered', true),
  message('7', 'queued', false),
  message('8', 'scheduled', false),
  message('9', 'sending', false, { cancel_requested: true }),
  message('10', 'sent', false),
  message('11', 'unknown', true),
  message('12', 'unknown', false),
]

test('only what failed is sent again', () => {
  expect(failedOf(rows).map((m) => m.id)).toEqual(['1', '2', '3'])
})

test('only what has not left is canceled', () => {
  expect(cancelableOf(rows).map((m) => m.id)).toEqual(['7', '8', '12'])
})

test('marking', () => {
  const s = new Selection()
  s.toggle('1')
  s.toggle('2')
  s.toggle('1')
  expect(s.on).toBe(true)
  expect([...s.ids]).toEqual(['2'])
  s.all(rows)
  expect(s.ids.size).toBe(12)
  s.end()
  expect(s.on || s.ids.size > 0).toBe(false)
})
