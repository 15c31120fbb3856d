import { useEffect, useId, useRef, useState } from "preact/hooks";
import { api, type Track } from "./api.ts";

/** A combobox over titles and artists: type, choose with the arrow keys, start with Enter. */
export function SearchBox({ onChoose }: { onChoose: (track: Track) => void }) {
  const [text, setText] = useState("");
  const [tracks, setTracks] = useState<Track[]>([]);
  const [hint, setHint] = useState("");
  const [active, setActive] = useState(-1);
  const [open, setOpen] = useState(false);
  const list = useId();
  const typed = useRef(false);

  useEffect(() => {
    if (!typed.current || !text.trim()) {
      setOpen(false);
      return;
    }
    const abort = new AbortController();
    const timer = setTimeout(async () => {
      try {
        const found = await api.search(text, abort.signal);
        setTracks(found.tracks);
        setHint(
          found.tracks.length === 0
            ? "Nothing found"
            : found.corrected
            ? `Showing results for “${found.corrected}”`
            : "",
        );
        setActive(found.tracks.length ? 0 : -1);
        setOpen(true);
      } catch (error) {
        // A newer search may have taken the place of this one.
        if (abort.signal.aborted) return;
        setTracks([]);
        setActive(-1);
        setHint(error instanceof Error ? error.message : String(error));
        setOpen(true);
      }
    }, 80);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [text]);

  const choose = (track: Track) => {
    typed.current = false;
    setText(track.title);
    setOpen(false);
    onChoose(track);
  };

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "ArrowDown" && open) setActive((active + 1) % tracks.length);
    else if (event.key === "ArrowUp" && open) setActive((active + tracks.length - 1) % tracks.length);
    else if (event.key === "Enter" && open && tracks[active]) choose(tracks[active]);
    else if (event.key === "Escape") setOpen(false);
    else return;
    event.preventDefault();
  };

  return (
    <div class="search">
      <label for={`${list}-input`} class="visually-hidden">Search titles and artists</label>
      <input
        id={`${list}-input`}
        type="search"
        placeholder="Search titles and artists"
        autocomplete="off"
        role="combobox"
        list={undefined}
        aria-expanded={open}
        aria-controls={list}
        aria-autocomplete="list"
        aria-activedescendant={open && active >= 0 ? `${list}-${active}` : undefined}
        value={text}
        onInput={(event) => {
          typed.current = true;
          setText(event.currentTarget.value);
        }}
        onKeyDown={onKeyDown}
        onBlur={() => setTimeout(() => setOpen(false), 150)}
      />
      <ul id={list} role="listbox" aria-label="Tracks found" hidden={!open}>
        {hint && (
          <li role={tracks.length ? "presentation" : "option"} aria-disabled={!tracks.length} class="hint">{hint}</li>
        )}
        {tracks.map((track, t) => (
          <li
            key={track.track_id}
            id={`${list}-${t}`}
            role="option"
            aria-selected={t === active}
            onMouseDown={() => choose(track)}
          >
            <span>{track.title}</span>
            <small>
              {[track.artists.join(", "), track.album !== track.title && track.album, track.year].filter(Boolean)
                .join(" · ")}
            </small>
          </li>
        ))}
      </ul>
    </div>
  );
}
