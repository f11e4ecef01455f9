import type { Problem } from '$lib/api/problem'
import { t } from '$lib/i18n/index.svelte'

/** A problem in words for people: ours where no answer came, the server's own detail and fix otherwise. */
export function explain(p: Problem): { title: string; detail: string; fix: string } {
  if (p.network) return { title: t('error.network'), detail: t('error.network.detail'), fix: '' }
  const title = p.title || t('error.title')
  const fields = p.fields
    .map((f) => f.detail)
    .filter((m) => m && m !== p.detail)
    .join(' ')
  const detail = [p.detail, fields].filter(Boolean).join(' ')
  return { title: p.status === 429 ? t('error.busy') : title, detail, fix: p.fix }
}

/** The same in one line, for a toast. */
export const inWords = (p: Problem): string => {
  const { title, detail, fix } = explain(p)
  return [detail || title, fix].filter(Boolean).join(' ')
}
