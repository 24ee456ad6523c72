// For a TypeScript that knows no single-file components.
declare module '*.vue' {
  import type { Component } from 'vue'

  const component: Component
  export default component
}
