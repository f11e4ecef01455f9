import type { SendAnswer } from '$lib/api/messages'
import { t } from '$lib/i18n/index.svelte'
import { router } from '$lib/router.svelte'
import type { Draft } from '$lib/stores/drafts.svelte'
import { toasts } from '$lib/stores/toasts.svelte'
import { undo } from './undo'

/** To the message itself, so that the sender sees it go, with the way back for as long as the server holds it. */
export function follow(answer: SendAnswer, sent: Draft, hold: number, owner: string) {
  const ids = answer.messages.map((m) => m.id)
  const href =
    ids.length === 1
      ? `/messages?id=${encodeURIComponent(ids[0]!)}`
      : `/messages?batch=${encodeURIComponent(answer.batch ?? '')}`
  if (hold) {
    toasts.undoable(
      hold,
      (s) => t('compose.undo.in', { s, n: ids.length }),
      t('compose.undo'),
      () => void undo(answer, sent, owner),
    )
  } else {
    const later = answer.messages.every((m) => m.status === 'scheduled')
    toasts.show(later ? t('compose.scheduled', { n: ids.length }) : t('compose.sent', { n: ids.length }))
  }
  router.go(href)
}
