import DOMPurify from 'dompurify'
import { marked } from 'marked'

/** What markdown can say. No images: a model that was talked into it could send data with one. */
const ALLOWED_TAGS = [
  ...['a', 'blockquote', 'br', 'code', 'del', 'em', 'h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'hr'],
  ...['li', 'ol', 'p', 'pre', 'strong', 'table', 'tbody', 'td', 'th', 'thead', 'tr', 'ul'],
]
const ALLOWED_ATTR = ['href', 'start', 'align']

/**
 * Renders markdown to HTML that is safe to insert. The whole text is parsed anew each time, because
 * what comes later can change what an earlier line means; half of HTML is never sanitised alone.
 */
export function renderMarkdown(text: string): string {
  const html = marked.parse(text, { async: false })
  return DOMPurify.sanitize(html, { ALLOWED_TAGS, ALLOWED_ATTR, ALLOW_DATA_ATTR: false })
}
