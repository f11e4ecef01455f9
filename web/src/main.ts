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
await i18n.set(initialLang()).catch(() => undefined)
const target = document.getElementById('app')!
target.textContent = ''
mount(App, { target })
void started.then(() => outbox.start())
if (import.meta.env.PROD) void register()
