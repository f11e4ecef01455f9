import svelte from 'eslint-plugin-svelte'
import ts from 'typescript-eslint'

// Floors of the web app: features never import each other, only lib; the network, the
// socket and the database each have one door.
const doors = (...names) => [
  'error',
  ...names.map((name) => ({ name, message: 'Use its one door in src/lib.' })),
]

export default [
  ...ts.configs.recommended,
  ...svelte.configs.recommended,
  { files: ['**/*.svelte', '**/*.svelte.ts'], languageOptions: { parserOptions: { parser: ts.parser } } },
  {
    rules: {
      '@typescript-eslint/no-unused-vars': ['error', { varsIgnorePattern: '^_', argsIgnorePattern: '^_' }],
    },
  },
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    rules: {
      // A rule for SvelteKit.
      'svelte/no-navigation-without-resolve': 'off',
      // Maps and sets that nothing on screen reads are plain ones on purpose.
      'svelte/prefer-svelte-reactivity': 'off',
      // An explicit children snippet says that the component passes it something.
      'svelte/no-useless-children-snippet': 'off',
    },
  },
  {
    files: ['src/features/**'],
    ignores: ['**/*.test.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        { patterns: [{ group: ['../*/*'], message: 'A feature imports only its own files and $lib.' }] },
      ],
      'no-restricted-globals': doors('fetch', 'WebSocket', 'indexedDB'),
    },
  },
  { ignores: ['dist', 'node_modules', 'src/lib/api/schema.d.ts'] },
]
