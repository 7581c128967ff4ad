import { useEffect, useRef } from 'preact/hooks';
import { theme } from '../../frame/theme.ts';
import { layOut } from './map-layout.ts';

type Props = {
  /** `0` to `9` for each cell: how much of it is there. */
  cells: string;
  colour: '--lan' | '--info';
  label: string;
};

/** One small square for each cell, the fuller the stronger. */
export function PieceMap({ cells, colour, label }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const scheme = theme.value;
  useEffect(() => {
    const element = canvas.current;
    const holder = element?.parentElement;
    if (!element || !holder) return;
    const draw = () => paint(element, holder.clientWidth, cells, colour);
    const watch = new ResizeObserver(draw);
    const system = matchMedia('(prefers-color-scheme: dark)');
    watch.observe(holder);
    system.addEventListener('change', draw);
    draw();
    return () => {
      watch.disconnect();
      system.removeEventListener('change', draw);
    };
  }, [cells, colour, scheme]);
  return (
    <div class="map">
      <canvas ref={canvas} role="img" aria-label={label} />
    </div>
  );
}

function paint(canvas: HTMLCanvasElement, width: number, cells: string, colour: string) {
  const { columns, cellPx, heightPx } = layOut(width, cells.length);
  const scale = window.devicePixelRatio || 1;
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(heightPx * scale);
  canvas.style.width = `${width}px`;
  canvas.style.height = `${heightPx}px`;
  const context = canvas.getContext('2d');
  if (!context) return;
  const style = getComputedStyle(canvas);
  const full = style.getPropertyValue(colour).trim();
  const none = style.getPropertyValue('--track').trim();
  context.scale(scale, scale);
  for (let i = 0; i < cells.length; i++) {
    const filled = (cells.charCodeAt(i) - 48) / 9;
    const x = (i % columns) * cellPx;
    const y = Math.floor(i / columns) * cellPx;
    context.globalAlpha = 1;
    context.fillStyle = none;
    context.fillRect(x, y, cellPx - 1, cellPx - 1);
    if (!(filled > 0)) continue;
    context.globalAlpha = 0.25 + 0.75 * Math.min(1, filled);
    context.fillStyle = full;
    context.fillRect(x, y, cellPx - 1, cellPx - 1);
  }
}
