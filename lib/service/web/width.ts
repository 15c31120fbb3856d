import { useEffect, useRef, useState } from "preact/hooks";

/** The width of an element in pixels, as it changes. A drawing of this width keeps the size of its letters. */
export function useWidth<T extends Element>(least: number = 240) {
  const element = useRef<T>(null);
  const [width, setWidth] = useState(600);
  useEffect(() => {
    if (!element.current) return;
    const observer = new ResizeObserver(([entry]) => setWidth(Math.max(least, Math.floor(entry.contentRect.width))));
    observer.observe(element.current);
    return () => observer.disconnect();
  }, [element.current]);
  return { element, width };
}
