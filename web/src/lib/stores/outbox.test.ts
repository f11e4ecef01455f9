import { beforeEach, describe, expect, it, vi } from 'vitest'
import { Problem } from '$lib/api/problem'
import { message } from '../../test/factories'

// The disk: what one tab wrote, another reads.
const disk = new Map<string, { key: string; owner: string; at: string }>()
vi.mock('$lib/db/idb', () => ({
  run: async (_store: string, _mode: string, work: (s: unknown) => { result: unknown }) =>
    work({
      put: (v: { key: string; owner: string; at: string }) => ({
        result: void disk.set(v.key, structuredClone(v)),
      }),
      delete: (key: string) => ({ result: void disk.delete(key) }),
      getAll: () => ({ result: [...disk.values()].map((v) => structuredClone(v)) }),
    }).result,
}))
const send = vi.fn()
vi.mock('$lib/api/messages', () => ({ send: (...args: unknown[]) => send(...args) }))
const session = vi.hoisted(() => ({ owner: 'wks_1/usr_1' }))
vi.mock('./session.svelte', () => ({ session }))

const { Outbox } = await import('./outbox.svelte')
const accepted = () => ({ messages: [message()] })
const lost = () => new Problem({ code: 'network' })
const refused = () =>
  new Problem({ status: 422, code: 'invalid', title: 'Not valid', detail: 'No such number.' })
const body = { text: 'Hello' }

beforeEach(() => {
  disk.clear()
  send.mockReset()
  session.owner = 'wks_1/usr_1'
})

describe('Outbox', () => {
  it('is on disk before the first byte leaves, and gone after the answer', async () => {
    const box = new Outbox()
    send.mockImplementation(async () => {
      expect([...disk.keys()]).toEqual(['k1'])
      return accepted()
    })
    const outcome = await box.submit('k1', ['+12025550100'], body)
    expect(outcome.kind).toBe('accepted')
    expect(disk.size).toBe(0)
    expect(box.mine).toEqual([])
  })

  it('repeats the very same request with the same key after a lost answer', async () => {
    const box = new Outbox()
    send.mockRejectedValueOnce(lost()).mockResolvedValue(accepted())
    expect((await box.submit('k1', ['+12025550100'], { text: 'Hello', hold_seconds: 5 })).kind).toBe(
      'waiting',
    )
    expect(box.mine).toHaveLength(1)
    await box.flush()
    expect(send).toHaveBeenCalledTimes(2)
    expect(send.mock.calls[0]).toEqual(send.mock.calls[1])
    expect(send.mock.calls[1]).toEqual([['+12025550100'], { text: 'Hello', hold_seconds: 5 }, 'k1'])
    expect(disk.size).toBe(0)
  })

  it('takes a second press of the same form for the first', async () => {
    const box = new Outbox()
    let answer = (_: unknown) => {}
    send.mockReturnValue(new Promise((resolve) => (answer = resolve)))
    const first = box.submit('k1', ['+12025550100'], body)
    const second = await box.submit('k1', ['+12025550100'], body)
    expect(second.kind).toBe('waiting')
    await vi.waitFor(() => expect(send).toHaveBeenCalled())
    answer(accepted())
    expect((await first).kind).toBe('accepted')
    expect(send).toHaveBeenCalledOnce()
  })

  it('keeps the order, and stops at the first one without an answer', async () => {
    const box = new Outbox()
    send.mockRejectedValue(lost())
    await box.submit('k1', ['+12025550100'], body)
    await box.submit('k2', ['+12025550101'], body)
    send.mockReset()
    send.mockRejectedValueOnce(lost())
    await box.flush()
    expect(send.mock.calls.map((c) => c[2])).toEqual(['k1'])
    send.mockReset()
    send.mockResolvedValue(accepted())
    await box.flush()
    expect(send.mock.calls.map((c) => c[2])).toEqual(['k1', 'k2'])
  })

  it('gives a refusal back to the form that waits', async () => {
    const box = new Outbox()
    send.mockRejectedValue(refused())
    const outcome = await box.submit('k1', ['+12025550100'], body)
    expect(outcome).toMatchObject({ kind: 'refused', problem: { detail: 'No such number.' } })
    expect(disk.size).toBe(0)
  })

  it('parks what is refused later, and does not try it again by itself', async () => {
    const box = new Outbox()
    send.mockRejectedValueOnce(lost()).mockRejectedValue(refused())
    await box.submit('k1', ['+12025550100'], body)
    await box.flush()
    await box.flush()
    expect(send).toHaveBeenCalledTimes(2)
    expect(box.mine[0]?.refused?.detail).toBe('No such number.')
    send.mockResolvedValue(accepted())
    await box.retry('k1')
    expect(box.mine).toEqual([])
  })

  it.each([401, 429, 503])('keeps a send that met %i', async (status) => {
    const box = new Outbox()
    send.mockRejectedValue(new Problem({ status, code: 'x', retryable: status !== 401 }))
    expect((await box.submit('k1', ['+12025550100'], body)).kind).toBe('waiting')
    expect(box.mine[0]?.refused).toBeUndefined()
  })

  it('never sends what another person wrote on this device', async () => {
    const box = new Outbox()
    send.mockRejectedValueOnce(lost())
    await box.submit('k1', ['+12025550100'], body)
    session.owner = 'wks_1/usr_2'
    send.mockResolvedValue(accepted())
    await new Outbox().flush()
    expect(send).toHaveBeenCalledOnce()
    expect(disk.size).toBe(1)
  })

  it('does not send what another tab has sent meanwhile', async () => {
    const box = new Outbox()
    send.mockRejectedValueOnce(lost())
    await box.submit('k1', ['+12025550100'], body)
    disk.delete('k1')
    await box.flush()
    expect(send).toHaveBeenCalledOnce()
    expect(box.mine).toEqual([])
  })

  it('sends what was added while it was sending', async () => {
    const box = new Outbox()
    send.mockImplementation(async () => accepted())
    const both = await Promise.all([
      box.submit('k1', ['+12025550100'], body),
      box.submit('k2', ['+12025550101'], body),
    ])
    expect(both.map((o) => o.kind)).toEqual(['accepted', 'accepted'])
  })
})
