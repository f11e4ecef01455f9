import { readFileSync } from 'node:fs'
import { beforeAll, describe, expect, it } from 'vitest'
import { i18n } from '$lib/i18n/index.svelte'
import { bodyOf, draftOf, words, type Draft } from './draft'
import { failoverOf, sentence, thenOf, whenOf } from './sentence'

const name = (id: string) => ({ a: 'Vonage', b: 'Telnyx', c: 'Twilio' })[id] ?? '?'
const target = (provider: string, weight?: number) => ({
  provider,
  ...(weight === undefined ? {} : { weight }),
})

beforeAll(async () => {
  await i18n.set('en')
  await i18n.need('routes')
})

describe('a rule reads as a sentence', () => {
  it('with everything in it', () =>
    expect(
      sentence(
        {
          when: { countries: ['KE', 'UG'], classes: ['otp'] },
          then: { groups: [{ targets: [target('a', 70), target('b', 30)] }, { targets: [target('c')] }] },
          failover: {},
        },
        name,
      ),
    ).toBe('Messages to Kenya or Uganda, class one-time codes → 70% Vonage, 30% Telnyx, then Twilio'))
  it.each([
    [{}, 'All messages'],
    [{ prefixes: ['+25571'] }, 'Messages to +25571…'],
    [{ countries: ['KE'], prefixes: ['+25571'] }, 'Messages to Kenya or +25571…'],
    [{ senders: ['ACME'], tags: ['x', 'y'] }, 'Messages from ACME, tagged x or y'],
    [
      { days: ['mon', 'sun'] as ('mon' | 'sun')[], from: '22:00', to: '06:00' },
      'Messages on Mon or Sun, between 22:00 and 06:00',
    ],
  ])('%j', (when, want) => expect(whenOf(when)).toBe(want))
  it.each([
    [{ refuse: true, reason: 'Too dear.' }, 'not sent: Too dear.'],
    [{ groups: [{ targets: [target('a', 9)] }] }, 'Vonage'],
    [{ groups: [{ targets: [target('a', 1), target('b', 0)] }] }, '100% Vonage, Telnyx in reserve'],
    [
      { groups: [{ targets: [target('a')] }, { targets: [target('b')] }, { targets: [target('c')] }] },
      'Vonage, then Telnyx, then Twilio',
    ],
  ])('%j', (then, want) => expect(thenOf(then, name)).toBe(want))
  it('and says what moves a message on, where there is a choice', () => {
    const two = { groups: [{ targets: [target('a')] }, { targets: [target('b')] }] }
    const of = (failover: object, then: object = two) => failoverOf({ then, failover })
    expect(of({}, { groups: [{ targets: [target('a')] }] })).toBe('')
    expect(of({}, { refuse: true, reason: 'x' })).toBe('')
    expect(of({})).toMatch(/^Moves to the next provider when one refuses .* or is down/)
    expect(of({ on_down: false })).toMatch(/waits for one that is down/)
    expect(of({ on_error: false })).toMatch(/only while one is down/)
    expect(of({ on_error: false, on_down: false })).toMatch(/^Stays/)
    expect(of({ on_missing_receipt_seconds: 90 })).toMatch(/after 90 s without/)
  })
  it('in the order of the language', async () => {
    const says = { when: {}, then: { groups: [{ targets: [target('a')] }] }, failover: {} }
    await i18n.set('ar')
    expect(sentence(says, name)).toContain('←')
    await i18n.set('en')
  })
})

describe('a draft', () => {
  it('takes words apart', () => expect(words(' a, b;b\n c ,')).toEqual(['a', 'b', 'c']))
  it('begins with a provider and failover', () =>
    expect(bodyOf({ ...draftOf(undefined, 'a'), name: ' Rule ' })).toEqual({
      name: 'Rule',
      enabled: true,
      when: {},
      then: { groups: [{ targets: [{ provider: 'a', weight: 1 }] }], otherwise: 'wait' },
      failover: { on_error: true, on_down: true },
    }))
  const stored = {
    id: 'rte_1',
    name: 'Night',
    enabled: false,
    position: 0,
    version: 2,
    created_at: '',
    updated_at: '',
    when: {
      countries: ['KE'],
      prefixes: ['+25571', '+25568'],
      senders: ['ACME'],
      tags: ['x'],
      classes: ['otp' as const],
      days: ['mon' as const, 'fri' as const],
      from: '22:00',
      to: '06:00',
    },
    then: { groups: [{ targets: [target('a', 70), target('b', 30)] }], otherwise: 'next' as const },
    failover: { on_error: true, on_down: false, on_missing_receipt_seconds: 60 },
  }
  it('comes back as it was stored', () => {
    const { when, then, failover, name, enabled } = stored
    expect(bodyOf(draftOf(stored, ''))).toEqual({ name, enabled, when, then, failover })
  })
  it('leaves out what does not belong together', () => {
    const refuse: Draft = { ...draftOf(stored, ''), action: 'refuse', reason: ' No. ', onError: false }
    expect(bodyOf(refuse).then).toEqual({ refuse: true, reason: 'No.' })
    expect(bodyOf(refuse).failover).toEqual({ on_error: false, on_down: false })
  })
})

describe('the words of the server', () => {
  const schemas = JSON.parse(readFileSync('../api/openapi.json', 'utf8')).components.schemas
  it.each([
    ['RouteExplanation', 'reason', 'routes.reason.'],
    ['RouteAsked', 'result', 'routes.miss.'],
    ['RouteCandidate', 'why', 'routes.why.'],
    ['RouteCandidate', 'health', 'routes.health.'],
  ])('%s.%s are all known', (schema, field, key) => {
    const all = (schemas[schema].properties[field].enum as string[]).filter((w) => w !== 'up')
    expect(all.filter((w) => !i18n.has(key + w))).toEqual([])
  })
})
