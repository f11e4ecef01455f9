import { describe, expect, it } from 'vitest'
import { event, message } from '../../test/factories'
import { fromParams, matches } from './filters'
import { apply } from './patch'

describe('apply', () => {
  it('takes over what the event says', () => {
    const m = message()
    apply(
      m,
      event({
        type: 'message.sent',
        data: { status: 'sent', provider: 'prv_1', provider_name: 'Simulator' },
      }),
    )
    expect(m).toMatchObject({ status: 'sent', final: false, provider: { id: 'prv_1', name: 'Simulator' } })
    expect(m.sent_at).toBe('2026-11-23T09:00:01.000Z')
  })
  it('does not go back when an older event is played again', () => {
    const m = message({ status: 'sent', updated_at: '2026-11-23T09:00:02.000Z' })
    apply(m, event({ type: 'message.sending', data: { status: 'sending' } }))
    expect(m.status).toBe('sent')
  })
  it('goes back to queued when that is what happened', () => {
    const m = message({ status: 'sending' })
    apply(
      m,
      event({
        type: 'message.queued',
        data: { status: 'queued', reason: 'retry_wait', next_attempt_at: 'x' },
      }),
    )
    expect(m).toMatchObject({ status: 'queued', reason: 'retry_wait', next_attempt_at: 'x' })
  })
  it('leaves a final status alone and puts late evidence beside it', () => {
    const m = message({ status: 'undelivered', final: true })
    const late = { status: 'delivered' as const, at: '2026-11-23T10:00:00Z' }
    apply(m, event({ type: 'message.late_receipt', data: { status: 'delivered', late_receipt: late } }))
    expect(m).toMatchObject({ status: 'undelivered', final: true, late_receipt: late })
  })
  it('notes a requested cancel', () => {
    const m = message({ status: 'sending' })
    apply(m, event({ type: 'message.cancel_requested' }))
    expect(m).toMatchObject({ status: 'sending', cancel_requested: true })
  })
})

describe('filters', () => {
  const params = (s: string) => fromParams(new URLSearchParams(s))
  it('come from the address, without what does not exist', () => {
    expect(params('status=failed&to=%2B12025550100&id=msg_1')).toEqual({
      status: 'failed',
      to: '+12025550100',
    })
    expect(params('status=nonsense&text=+')).toEqual({})
  })
  it.each([
    ['status=queued', true],
    ['status=sent', false],
    ['to=%2B12025550100', true],
    ['to=%2B12025550101', false],
    ['text=hELL', true],
    ['text=bye', false],
    ['created_by=usr_1', true],
    ['created_by=usr_2', false],
    ['batch=bat_1', false],
    ['since=2026-11-23T09:00:00Z', true],
    ['since=2026-11-23T09:00:01Z', false],
    ['until=2026-11-23T09:00:00Z', false],
    ['until=2026-11-23T09:00:01Z', true],
  ])('%s matches: %s', (query, want) => expect(matches(message(), params(query))).toBe(want))
})
