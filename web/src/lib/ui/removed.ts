import { i18n, t } from '$lib/i18n/index.svelte'

interface Texted {
  text: string
  text_removed_at?: string | undefined
  text_removed_by?: 'rule' | 'one_time_code' | 'request' | undefined
}

/** The text of a message or, when it is gone, what removed it and when. */
export const shownText = (m: Texted) =>
  m.text_removed_at
    ? t(`removed.${m.text_removed_by ?? 'rule'}`, { date: i18n.date(m.text_removed_at) })
    : m.text
