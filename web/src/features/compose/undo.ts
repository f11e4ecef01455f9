import { cancelMessage, type SendAnswer } from '$lib/api/messages'
import { asProblem } from '$lib/api/problem'
import { t } from '$lib/i18n/index.svelte'
import { router } from '$lib/router.svelte'
import { drafts, emptyDraft, type Draft } from '$lib/stores/drafts.svelte'
import { toasts } from '$lib/stores/toasts.svelte'
import { inWords } from '$lib/ui/explain'

const AT_ONCE = 8

/**
 * Takes back a send that the server still holds: cancels every message of it, then puts the text back into the form
 * under a new key. What had already left stays sent, and is said so.
 */
export async function undo(answer: SendAnswer, sent: Draft, owner: string) {
  const ids = answer.messages.map((m) => m.id)
  let gone = 0
  let trouble = ''
  const worker = async () => {
    for (let id = ids.pop(); id !== undefined; id = ids.pop()) {
      try {
        await cancelMessage(id)
      } catch (e) {
        gone++
        trouble ||= inWords(asProblem(e))
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, ids.length) }, worker))
  if (gone) {
    toasts.show(`${t('compose.undo.late', { n: gone })} ${trouble}`, { tone: 'bad', ms: 10_000 })
    return
  }
  await drafts.save(owner, { ...sent, key: emptyDraft().key })
  toasts.show(t('compose.undone'))
  router.go('/compose')
}
