import './app.css'
import { mount } from 'svelte'
import { i18n, initialLang } from '$lib/i18n/index.svelte'
import { forget, register } from '$lib/pwa'
import { router } from '$lib/router.svelte'
import { outbox } from '$lib/stores/outbox.svelte'
import { session } from '$lib/stores/session.svelte'
import App from './App.svelte'
import { routes } from './routes'

router.start(routes)
session.onEnd(forget)
const started = session.load()
// Without words there is no app: on a bad network the catalogue is asked for until it comes.
for (
  let tries = 0;
  !(await i18n.set(initialLang()).then(
    () => true,
    () => false,
  ));
  tries++
) {
  await new Promise((again) => setTimeout(again, Math.min(10_000, 500 * 2 ** tries)))
}
const target = document.getElementById('app')!
target.textContent = ''
mount(App, { target })
void started.then(() => outbox.start())
if (import.meta.env.PROD) void register()
