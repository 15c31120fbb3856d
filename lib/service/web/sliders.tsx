import { useId } from "preact/hooks";
import type { Term, Tuning } from "./api.ts";

/** Values of the sliders. */
export type Tune = Required<Pick<Tuning, "weights" | "temperature" | "discover">>;

interface Props {
  terms: readonly Term[];
  tune: Tune;
  defaults: Tune;
  onChange: (tune: Tune) => void;
}

/** Weights, temperature, and the slider from the familiar to the new. */
export function Sliders({ terms, tune, defaults, onChange }: Props) {
  return (
    <div class="sliders">
      <Slider
        label="Familiar – discover"
        value={tune.discover}
        range={[0, 1]}
        step={0.05}
        text={tune.discover < 0.4 ? "more familiar" : tune.discover > 0.6 ? "more new" : "as it comes"}
        onChange={(discover) => onChange({ ...tune, discover })}
      />
      <Slider
        label="Temperature"
        value={tune.temperature}
        range={[0.1, 3]}
        step={0.1}
        text={tune.temperature < 0.7 ? "predictable" : tune.temperature > 1.5 ? "adventurous" : "balanced"}
        onChange={(temperature) => onChange({ ...tune, temperature })}
      />
      <details>
        <summary>Weights of the score</summary>
        {terms.map(({ name, label, slider }) =>
          slider && (
            <Slider
              key={name}
              label={label}
              value={tune.weights[name] ?? 0}
              range={slider}
              step={0.1}
              onChange={(value) => onChange({ ...tune, weights: { ...tune.weights, [name]: value } })}
            />
          )
        )}
      </details>
      <button type="button" onClick={() => onChange(defaults)}>Reset</button>
    </div>
  );
}

interface SliderProps {
  label: string;
  value: number;
  range: [number, number];
  step: number;
  text?: string;
  onChange: (value: number) => void;
}

function Slider({ label, value, range, step, text, onChange }: SliderProps) {
  const shown = value.toFixed(step < 0.1 ? 2 : 1).replace("-", "−");
  const id = useId();
  return (
    <div class="slider">
      <label for={id}>{label}</label>
      <span class="value" aria-hidden="true">{text ? `${text} (${shown})` : shown}</span>
      <input
        id={id}
        type="range"
        min={range[0]}
        max={range[1]}
        step={step}
        value={value}
        aria-valuetext={text ?? shown}
        onInput={(event) => onChange(Number(event.currentTarget.value))}
      />
    </div>
  );
}
