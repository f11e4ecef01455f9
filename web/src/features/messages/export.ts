import { download } from '$lib/api/history'
import { asProblem } from '$lib/api/problem'
import { toQuery, type Filters } from '$lib/stores/filters'
import { Dismissed, reauth } from '$lib/stores/reauth.svelte'
import { toasts } from '$lib/stores/toasts.svelte'
import { inWords } from '$lib/ui/explain'

/** Downloads exactly what is filtered; a large file asks for the password first. */
export async function exportMessages(filters: Filters): Promise<void> {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(toQuery(filters))) if (value) query.set(name, String(value))
  try {
    await reauth.guard(() => download(`/v1/messages/export${query.size ? `?${query}` : ''}`))
  } catch (e) {
    if (!(e instanceof Dismissed)) toasts.show(inWords(asProblem(e)), { tone: 'bad', ms: 8000 })
  }
}
