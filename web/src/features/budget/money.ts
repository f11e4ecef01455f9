import { i18n } from '$lib/i18n/index.svelte'

/** An amount for people, with as many digits as it has: a segment may cost less than the smallest coin. */
export function money(amount: string, currency: string): string {
  const digits = Math.max(2, amount.split('.')[1]?.length ?? 0)
  try {
    return new Intl.NumberFormat(i18n.locale, {
      style: 'currency',
      currency,
      currencyDisplay: 'code',
      minimumFractionDigits: 2,
      maximumFractionDigits: digits,
    }).format(Number(amount))
  } catch {
    return `${currency} ${amount}`
  }
}
