import { describe, expect, it, vi } from 'vitest'
import { STATUSES, type Message } from '$lib/api/types'
import { event, message } from '../../test/factories'

vi.mock('$lib/stores/session.svelte', () => ({
  session: { boot: { providers: [{ id: 'prv_1', name: 'Simulator' }] } },
}))
const { fixOf, meaningOf, reasonText, stepOf } = await import('./story')

describe('fixOf', () => {
  const failed = (kind: NonNullable<Message['error']>['class'], more: Partial<Message> = {}) =>
    fixOf(message({ status: 'failed', final: true, error: { class: kind, code: 'x', text: 'X.' }, ...more }))
  it.each(['retry', 'throttle', 'permanent', 'config', 'blocked', 'recipient_temp', 'unknown'] as const)(
    'says what to do about %s',
    (kind) => expect(failed(kind)?.text).not.toMatch(/^history\.|^$/),
  )
  it('brings number and text back into the form', () => {
    const href = failed('permanent', { to: '+12025550104', text: 'A & B' })!.act!.href
    expect(Object.fromEntries(new URL(href, 'http://x').searchParams)).toEqual({
      to: '+12025550104',
      text: 'A & B',
    })
  })
  it('says nothing while it goes on by itself, and nothing about what arrived', () => {
    expect(failed('retry', { status: 'queued', final: false })).toBeUndefined()
    expect(failed('retry', { status: 'delivered' })).toBeUndefined()
    expect(failed('config', { status: 'queued', final: false })?.act?.href).toBe('/providers')
  })
})

describe('meaningOf', () => {
  it.each(STATUSES.flatMap((status) => [false, true].map((final) => [status, final] as const)))(
    'explains %s, final %s, and says what to do',
    (status, final) => {
      const m = meaningOf(message({ status, final, attempts: 2, send_at: '2026-11-23T12:00:00Z' }))
      expect(m.title).not.toMatch(/^means\.|^$/)
      expect(m.detail).not.toMatch(/^means\.|^$/)
    },
  )
  it('says why a queued message waits, in the words of the server where it knows none', () => {
    const waiting = {
      code: 'provider_down',
      text: 'As the server says.',
      provider: { id: 'prv_1', name: 'Carrier' },
    }
    const m = message({ status: 'queued', waiting: waiting as Message['waiting'] })
    expect(meaningOf(m).detail).toMatch(/^Carrier does not answer/)
    const strange = { ...waiting, code: 'of_tomorrow', until: '2026-11-23T09:00:07Z' }
    expect(
      meaningOf(message({ status: 'queued', waiting: strange as unknown as Message['waiting'] })).detail,
    ).toMatch(/^As the server says\. .*:07/)
  })
  it('says that an unconfirmed message is sent again, if it is', () => {
    const again = meaningOf(message({ status: 'unknown', on_unknown: 'retry_once' })).detail
    expect(again).toMatch(/twice/)
    expect(
      meaningOf(message({ status: 'unknown', on_unknown: 'retry_once', possible_duplicate: true })).detail,
    ).not.toBe(again)
  })
  it('tells waiting for a report from having none', () => {
    const texts = [false, true].map((final) => meaningOf(message({ status: 'sent', final })).detail)
    expect(texts[0]).not.toBe(texts[1])
  })
})

describe('stepOf', () => {
  it('names the provider, the reason, the error and the time between', () => {
    const before = event({ type: 'message.sending', at: '2026-11-23T09:00:00.000Z' })
    const e = event({
      type: 'message.failed',
      at: '2026-11-23T09:00:02.500Z',
      data: {
        status: 'failed',
        final: true,
        reason: 'refused',
        provider: 'prv_1',
        error: { class: 'permanent', code: 'refused', text: 'No such number.', provider_code: '11' },
      },
    })
    expect(stepOf(e, before)).toMatchObject({
      icon: 'failed',
      title: 'Failed',
      notes: ['The provider refused it', 'No such number. (11)', 'after 2.5 s'],
    })
  })
  it.each(['accepted', ...STATUSES, 'cancel_requested', 'late_receipt'])(
    'has words for message.%s',
    (word) => {
      const step = stepOf(event({ type: `message.${word}`, data: { status: word, provider: 'prv_1' } }))
      expect(step.title).not.toMatch(/_|^$|step\./)
      expect(step.title[0]).toBe(step.title[0]!.toUpperCase())
    },
  )
  it('says what is to come only while it is', () => {
    const e = event({ type: 'message.sent', data: { status: 'sent', deadline: '2026-11-27T09:00:00Z' } })
    expect(stepOf(e).notes).toHaveLength(1)
    expect(stepOf(e, undefined, false).notes).toEqual([])
  })
  it('shows a word of a newer server as it stands', () =>
    expect(reasonText('solar_flare')).toBe('solar flare'))
})
