import DOMPurify from 'dompurify'
import { marked } from 'marked'

/**
 * What Markdown can make, but images: those would tell another server what was said, if the answer
 * were made to put it into their address.
 */
const tags =
  'a blockquote br code del em h1 h2 h3 h4 hr li ol p pre strong table tbody td th thead tr ul'

/** Nobody knows what the model has read: of the HTML that it writes only this much is kept. */
export function toHtml(markdown: string): string {
  return DOMPurify.sanitize(marked.parse(markdown, { async: false }), {
    ALLOWED_TAGS: tags.split(' '),
    ALLOWED_ATTR: ['href', 'start'],
    ALLOW_DATA_ATTR: false,
  })
}
