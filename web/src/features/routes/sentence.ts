// Rules in words: "Messages to Kenya or Uganda, class One-time codes → 70 % Vonage, 30 % Twilio, then Simulator".
import type { Route } from '$lib/api/routes'
import { i18n, t } from '$lib/i18n/index.svelte'

type Names = (provider: string) => string
type Says = Pick<Route, 'when' | 'then' | 'failover'>

const list = (items: string[], type: 'conjunction' | 'disjunction' = 'disjunction') =>
  new Intl.ListFormat(i18n.locale, { type }).format(items)

/** Parts of a sentence one after the other. */
const joined = (parts: string[]) => parts.join(i18n.lang === 'ar' ? '، ' : ', ')

/** The short name of a day of the week; 2 March 2026 is a Monday. */
export const dayName = (day: string) =>
  new Intl.DateTimeFormat(i18n.locale, { weekday: 'short', timeZone: 'UTC' }).format(
    Date.UTC(2026, 2, 2 + ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'].indexOf(day)),
  )

export const className = (c: string) => t(`routes.class.${c as 'otp' | 'transactional' | 'bulk'}`)

/** Which messages a rule is for. */
export function whenOf(when: Says['when'] = {}): string {
  const parts: string[] = []
  const recipients = [
    ...(when.countries ?? []).map(i18n.country),
    ...(when.prefixes ?? []).map((p) => t('routes.begins', { prefix: p })),
  ]
  if (recipients.length) parts.push(t('routes.to', { list: list(recipients) }))
  if (when.senders?.length) parts.push(t('routes.from', { list: list(when.senders) }))
  if (when.classes?.length) parts.push(t('routes.class', { list: list(when.classes.map(className)) }))
  if (when.tags?.length) parts.push(t('routes.tag', { list: list(when.tags) }))
  if (when.days?.length) parts.push(t('routes.days', { list: list(when.days.map(dayName)) }))
  if (when.from && when.to) parts.push(t('routes.between', { from: when.from, to: when.to }))
  return parts.length ? t('routes.messages', { what: joined(parts) }) : t('routes.all')
}

/** Who takes them. */
export function thenOf(then: Says['then'], name: Names): string {
  if (then.refuse) return t('routes.refused', { reason: then.reason ?? '' })
  const groups = (then.groups ?? []).map(({ targets }) => {
    const sum = targets.reduce((n, x) => n + (x.weight ?? 1), 0)
    if (targets.length === 1) return name(targets[0]!.provider)
    const shares = targets.map((x) => {
      const weight = x.weight ?? 1
      return weight && sum
        ? t('routes.share', { share: i18n.percent(weight / sum), name: name(x.provider) })
        : t('routes.reserve', { name: name(x.provider) })
    })
    return joined(shares)
  })
  return groups.slice(1).reduce((first, next) => t('routes.then', { first, next }), groups[0] ?? '')
}

export const sentence = (r: Says, name: Names): string =>
  t('routes.sentence', { when: whenOf(r.when), then: thenOf(r.then, name) })

/** What moves a message on; nothing to say of a rule that refuses or has one provider. */
export function failoverOf(r: Says): string {
  const providers = (r.then.groups ?? []).flatMap((g) => g.targets)
  if (r.then.refuse || providers.length < 2) return ''
  const { on_error: error = true, on_down: down = true, on_missing_receipt_seconds: wait } = r.failover ?? {}
  const moves =
    error && down
      ? t('routes.moves.both')
      : error
        ? t('routes.moves.error')
        : down
          ? t('routes.moves.down')
          : t('routes.moves.never')
  return wait ? `${moves} ${t('routes.moves.receipt', { n: wait })}` : moves
}
