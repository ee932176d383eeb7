/**
 * Compiles an Ant-style path pattern: `?` one character, `*` within a part, `**` across parts, `{name}` one part. Everything else
 * stands for itself.
 */
export function pathPattern(pattern: string): RegExp {
  const source = pattern.replace(/\*\*|\*|\?|\{[^}/]*\}|[\\^$.|+()[\]{}]/g, (part) => {
    if (part === '**') return '.*';
    if (part === '*') return '[^/]*';
    if (part === '?') return '[^/]';
    return part.length > 1 && part.startsWith('{') ? '[^/]+' : `\\${part}`;
  });
  return new RegExp(`^${source}$`);
}
