import type { ContactCondition, ContactField, ContactFilter, Group } from '$lib/api/contacts'
import { i18n, t } from '$lib/i18n/index.svelte'

export type Is = ContactCondition['is']
type Kind = 'text' | 'number' | 'date' | 'choice' | 'yesno' | 'since'

export interface Subject {
  on: string
  label: string
  kind: Kind
}

/** What a condition can be about. */
export const subjects = (fields: ContactField[]): Subject[] => [
  { on: 'name', label: t('filter.name'), kind: 'text' },
  ...fields.map((f): Subject => ({ on: `field.${f.key}`, label: f.label, kind: f.type })),
  { on: 'group', label: t('filter.group'), kind: 'choice' },
  { on: 'country', label: t('filter.country'), kind: 'choice' },
  { on: 'language', label: t('filter.language'), kind: 'text' },
  { on: 'suppressed', label: t('filter.suppressed'), kind: 'yesno' },
  { on: 'created', label: t('filter.created'), kind: 'since' },
  { on: 'phone', label: t('filter.phone'), kind: 'text' },
]

/** How things of a kind can be compared. */
export const comparisons: Record<Kind, Is[]> = {
  text: ['equal', 'not_equal', 'contains', 'set', 'not_set'],
  number: ['equal', 'not_equal', 'above', 'below', 'set', 'not_set'],
  date: ['equal', 'above', 'below', 'set', 'not_set'],
  choice: ['equal', 'not_equal'],
  yesno: ['set', 'not_set'],
  since: ['above', 'below'],
}

/** The comparison in words; days come after and before, they are not above and below. */
export function wording(kind: Kind, is: Is): string {
  if (kind === 'yesno') return is === 'set' ? t('filter.yes') : t('filter.no')
  if ((kind === 'date' || kind === 'since') && (is === 'above' || is === 'below')) {
    return is === 'above' ? t('filter.after') : t('filter.before')
  }
  return t(`filter.${is}`)
}

export const needsValue = (is: Is) => is !== 'set' && is !== 'not_set'

/** A condition that can be asked: it names something, and has a value where one is needed. */
export const complete = (c: ContactCondition) =>
  c.on !== '' && (!needsValue(c.is) || (c.value ?? '').trim() !== '')

/** A filter as a sentence. */
export function sentence(f: ContactFilter, fields: ContactField[], groups: Group[]): string {
  const known = subjects(fields)
  const parts = f.conditions.map((c) => {
    const s = known.find((x) => x.on === c.on)
    const kind = s?.kind ?? 'text'
    return [
      s?.label ?? c.on.replace('field.', ''),
      wording(kind, c.is),
      needsValue(c.is) && shown(c, kind, groups),
    ]
      .filter(Boolean)
      .join(' ')
  })
  return new Intl.ListFormat(i18n.locale, { type: f.match === 'any' ? 'disjunction' : 'conjunction' }).format(
    parts,
  )
}

function shown(c: ContactCondition, kind: Kind, groups: Group[]): string {
  const value = c.value ?? ''
  if (c.on === 'group') return groups.find((g) => g.id === value)?.name ?? '?'
  if (c.on === 'country') return i18n.country(value)
  return kind === 'date' || kind === 'since' ? i18n.date(value) || value : value
}
