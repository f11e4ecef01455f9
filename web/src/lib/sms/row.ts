import { t } from '$lib/i18n/index.svelte'
import type { Key } from '$lib/i18n/keys'

/** What is wrong with a row of a table, in the language of the app; in English where the app has no words for its code. */
export function wrong(row: { code?: string; params?: Record<string, string> }, english: string): string {
  if (!row.code) return english
  const key = `row.${row.code}` as Key
  const words = t(key, row.params)
  return words === key ? english : words
}
