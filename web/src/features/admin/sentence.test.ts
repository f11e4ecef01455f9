import { describe, expect, it } from 'vitest'
import type { AuditEntry } from '$lib/api/admin'
import { i18n, t } from '$lib/i18n/index.svelte'
import { NOUNS, sentence } from './sentence'

const entry = (e: Partial<AuditEntry>): AuditEntry => ({
  id: 'aud_1',
  at: '2026-11-23T09:00:00Z',
  actor: { kind: 'user', id: 'usr_1', name: 'Ada' },
  action: 'route.updated',
  changes: [],
  ...e,
})

describe('a line of the audit log', () => {
  it.each<[Partial<AuditEntry>, string]>([
    [{ target_name: 'Kenya' }, 'Ada changed the route “Kenya”'],
    [{}, 'Ada changed the route'],
    [{ action: 'route.deleted', detail: 'Kenya' }, 'Ada removed the route “Kenya”'],
    [
      { action: 'session.refused', actor: { kind: 'system' }, target_name: 'Ada' },
      'Somebody gave a wrong password for Ada',
    ],
    [
      { action: 'webhook.tested', actor: { kind: 'api_key', id: 'key_1', name: 'Till' } },
      'API key Till tested the webhook',
    ],
    [{ action: 'spaceship.landed' }, 'Ada: spaceship.landed'],
    [{ action: 'group.updated', actor: { kind: 'user', id: 'usr_9' } }, 'usr_9 changed the group'],
  ])('%o is "%s"', (e, want) => expect(sentence(entry(e))).toBe(want))
  it('has a noun for every filter', () =>
    expect(NOUNS.filter((n) => !i18n.has(`auditnoun.${n}`))).toEqual([]))
  it('is another in Swahili', async () => {
    await i18n.set('sw')
    expect(sentence(entry({ target_name: 'Kenya' }))).toBe('Ada alibadilisha njia “Kenya”')
    await i18n.set('en')
    expect(t('audit.system')).toBe('SMSir')
  })
})
