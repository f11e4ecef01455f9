import type { Route } from '$lib/router.svelte'

// Features of several pages, which load these one by one.
const groups = () => import('./features/groups/Index.svelte')
const imports = () => import('./features/imports/Index.svelte')

/** Every address of the app. Views load when they are first opened. */
export const routes: Route[] = [
  { path: '/', load: () => import('./features/home/Home.svelte'), title: 'nav.home' },
  {
    path: '/messages',
    load: () => import('./features/messages/Messages.svelte'),
    title: 'nav.messages',
    words: 'messages',
  },
  {
    path: '/inbox',
    load: () => import('./features/inbox/Inbox.svelte'),
    title: 'nav.inbox',
    words: 'inbox',
    permission: 'inbox:read',
  },
  {
    path: '/inbox/settings',
    load: () => import('./features/inbox/InboxSettings.svelte'),
    title: 'inbox.settings',
    words: 'inbox',
    permission: 'inbox:read',
  },
  {
    path: '/inbox/reviews',
    load: () => import('./features/inbox/Reviews.svelte'),
    title: 'inbox.reviews',
    words: 'inbox',
    permission: 'inbox:read',
  },
  {
    path: '/compose',
    load: () => import('./features/compose/Compose.svelte'),
    title: 'nav.compose',
    words: 'compose',
    permission: 'messages:send',
  },
  {
    path: '/contacts',
    load: () => import('./features/contacts/Contacts.svelte'),
    title: 'nav.contacts',
    words: 'contacts',
    permission: 'contacts:read',
  },
  {
    path: '/contacts/groups',
    load: groups,
    title: 'contacts.groups',
    words: 'groups',
    permission: 'contacts:read',
  },
  {
    path: '/contacts/optouts',
    load: () => import('./features/contacts/OptOuts.svelte'),
    title: 'contacts.optouts',
    words: 'contacts',
    permission: 'contacts:read',
  },
  {
    path: '/contacts/import',
    load: imports,
    title: 'contacts.import',
    words: 'imports',
    permission: 'contacts:write',
  },
  {
    path: '/contacts/import/:id',
    load: imports,
    title: 'contacts.import',
    words: 'imports',
    permission: 'contacts:write',
  },
  {
    path: '/contacts/duplicates',
    load: groups,
    title: 'contacts.duplicates',
    words: 'groups',
    permission: 'contacts:read',
  },
  {
    path: '/contacts/fields',
    load: groups,
    title: 'contacts.fields',
    words: 'groups',
    permission: 'contacts:read',
  },
  {
    path: '/providers',
    load: () => import('./features/providers/Providers.svelte'),
    title: 'nav.providers',
    words: 'providers',
    permission: 'providers:read',
  },
  {
    path: '/routes',
    load: () => import('./features/routes/Routes.svelte'),
    title: 'nav.routes',
    words: 'routes',
    permission: 'routes:read',
  },
  {
    path: '/keys',
    load: () => import('./features/keys/Keys.svelte'),
    title: 'nav.keys',
    words: 'keys',
    permission: 'api_keys:read',
  },
  {
    path: '/webhooks',
    load: () => import('./features/webhooks/Webhooks.svelte'),
    title: 'nav.webhooks',
    words: 'webhooks',
    permission: 'webhooks:read',
  },
  {
    path: '/smpp',
    load: () => import('./features/smpp/SMPP.svelte'),
    title: 'nav.smpp',
    words: 'smpp',
    permission: 'smpp:read',
  },
  {
    path: '/settings',
    load: () => import('./features/settings/Settings.svelte'),
    title: 'nav.settings',
    words: 'settings',
  },
  { path: '/more', load: () => import('./features/more/More.svelte'), title: 'nav.more' },
  {
    path: '/setup',
    load: () => import('./features/setup/Setup.svelte'),
    title: 'setup.title',
    words: 'setup',
    access: 'public',
  },
  {
    path: '/login',
    load: () => import('./features/auth/Login.svelte'),
    title: 'login.title',
    access: 'anonymous',
  },
  {
    path: '/register',
    load: () => import('./features/auth/Register.svelte'),
    title: 'register.title',
    access: 'public',
  },
]
