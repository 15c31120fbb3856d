/**
 * The frame of a Parquet file around pages that are encoded already: page headers, and the footer that says where they
 * lie. Format: https://parquet.apache.org/docs/file-format/ (Thrift's compact protocol for the metadata).
 *
 * @module
 */

/** Types of columns; `texts` is a list of texts. All may be null. */
export type FrameType = "int32" | "float64" | "boolean" | "text" | "texts";

/** A column of a file. */
export interface FrameColumn {
  /** Its name. */
  name: string;
  /** Its type. */
  type: FrameType;
}

/** A page: its place among the bytes of a row group, which are headers and pages in turn. */
export interface FramePage {
  /** Bytes of the header and of the page as it is stored. */
  storedBytes: number;
  /** The same before compression. */
  plainBytes: number;
}

/** The pages of one column in a row group. */
export interface FrameChunk {
  /** Number of levels in the data page: rows, or for lists items and empty lists. */
  values: number;
  /** Whether a dictionary page comes before the data page. */
  dictionary?: FramePage;
  /** The data page. */
  data: FramePage;
}

/** A row group. */
export interface FrameGroup {
  /** Its rows. */
  rows: number;
  /** Its columns in the order of the file. */
  chunks: FrameChunk[];
}

/** First and last bytes of every file. */
export const MAGIC: Uint8Array = new TextEncoder().encode("PAR1");

const PHYSICAL = { int32: 1, float64: 5, boolean: 0, text: 6, texts: 6 };
const SNAPPY = 1;
const PLAIN = 0;
const RLE = 3;
const RLE_DICTIONARY = 8;

/**
 * The header of a page.
 *
 * @param kind A data page, a data page of indices into a dictionary, or a dictionary.
 * @param values Its number of levels, or of entries of the dictionary.
 * @param plainBytes Its bytes before compression.
 * @param storedBytes Its bytes as they are stored.
 * @returns The header.
 */
export function pageHeader(
  kind: "plain" | "indices" | "dictionary",
  values: number,
  plainBytes: number,
  storedBytes: number,
): Uint8Array {
  const writer = new CompactWriter();
  writer.int(1, kind === "dictionary" ? 2 : 0);
  writer.int(2, plainBytes);
  writer.int(3, storedBytes);
  if (kind === "dictionary") {
    writer.struct(7, () => {
      writer.int(1, values);
      writer.int(2, PLAIN);
    });
  } else {
    writer.struct(5, () => {
      writer.int(1, values);
      writer.int(2, kind === "indices" ? RLE_DICTIONARY : PLAIN);
      writer.int(3, RLE);
      writer.int(4, RLE);
    });
  }
  return writer.end();
}

/**
 * The footer, its length and the closing mark.
 *
 * @param columns The columns.
 * @param groups The row groups in the order of the file, the first right behind the opening mark.
 * @returns The bytes that end the file.
 */
export function parquetFooter(columns: readonly FrameColumn[], groups: readonly FrameGroup[]): Uint8Array {
  const writer = new CompactWriter();
  writer.int(1, 1);
  const schema: (() => void)[] = [() => {
    writer.text(4, "schema");
    writer.int(5, columns.length);
  }];
  for (const { name, type } of columns) schema.push(...schemaElements(writer, name, type));
  writer.list(2, schema);
  writer.long(3, groups.reduce((sum, { rows }) => sum + rows, 0));
  let offset = MAGIC.length;
  writer.list(
    4,
    groups.map(({ rows, chunks }) => () => {
      let bytes = 0;
      writer.list(
        1,
        chunks.map((chunk, c) => () => {
          const start = offset;
          const dictionary = chunk.dictionary;
          const stored = (dictionary?.storedBytes ?? 0) + chunk.data.storedBytes;
          const plain = (dictionary?.plainBytes ?? 0) + chunk.data.plainBytes;
          offset += stored;
          bytes += plain;
          const { name, type } = columns[c];
          writer.long(2, start);
          writer.struct(3, () => {
            writer.int(1, PHYSICAL[type]);
            writer.ints(2, dictionary ? [RLE_DICTIONARY, PLAIN, RLE] : [PLAIN, RLE]);
            writer.texts(3, type === "texts" ? [name, "list", "element"] : [name]);
            writer.int(4, SNAPPY);
            writer.long(5, chunk.values);
            writer.long(6, plain);
            writer.long(7, stored);
            writer.long(9, start + (dictionary?.storedBytes ?? 0));
            if (dictionary) writer.long(11, start);
          });
        }),
      );
      writer.long(2, bytes);
      writer.long(3, rows);
    }),
  );
  writer.text(6, "segue");
  const metadata = writer.end();
  const footer = new Uint8Array(metadata.length + 8);
  footer.set(metadata);
  new DataView(footer.buffer).setUint32(metadata.length, metadata.length, true);
  footer.set(MAGIC, metadata.length + 4);
  return footer;
}

const [OPTIONAL, REPEATED] = [1, 2];
const CONVERTED: Partial<Record<FrameType, number>> = { int32: 17, text: 0, texts: 0 };

function schemaElements(writer: CompactWriter, name: string, type: FrameType): (() => void)[] {
  const leaf = (name: string) => () => {
    writer.int(1, PHYSICAL[type]);
    writer.int(3, OPTIONAL);
    writer.text(4, name);
    if (CONVERTED[type] !== undefined) writer.int(6, CONVERTED[type]);
  };
  if (type !== "texts") return [leaf(name)];
  const inner = (name: string, repetition: number, list: boolean) => () => {
    writer.int(3, repetition);
    writer.text(4, name);
    writer.int(5, 1);
    if (list) writer.int(6, 3);
  };
  return [inner(name, OPTIONAL, true), inner("list", REPEATED, false), leaf("element")];
}

/** Thrift's compact protocol, as much of it as is needed. */
class CompactWriter {
  #bytes: number[] = [];
  #last = 0;
  readonly #encoder = new TextEncoder();

  int(field: number, value: number): void {
    this.#field(field, 5);
    this.#varint(value * 2);
  }

  long(field: number, value: number): void {
    this.#field(field, 6);
    this.#varint(value * 2);
  }

  text(field: number, value: string): void {
    this.#field(field, 8);
    this.#plainText(value);
  }

  ints(field: number, values: readonly number[]): void {
    this.#field(field, 9);
    this.#listHead(values.length, 5);
    for (const value of values) this.#varint(value * 2);
  }

  texts(field: number, values: readonly string[]): void {
    this.#field(field, 9);
    this.#listHead(values.length, 8);
    for (const value of values) this.#plainText(value);
  }

  struct(field: number, fill: () => void): void {
    this.#field(field, 12);
    this.#inside(fill);
  }

  list(field: number, structs: readonly (() => void)[]): void {
    this.#field(field, 9);
    this.#listHead(structs.length, 12);
    for (const fill of structs) this.#inside(fill);
  }

  end(): Uint8Array {
    this.#bytes.push(0);
    return Uint8Array.from(this.#bytes);
  }

  #inside(fill: () => void): void {
    const outer = this.#last;
    this.#last = 0;
    fill();
    this.#bytes.push(0);
    this.#last = outer;
  }

  #field(field: number, type: number): void {
    this.#bytes.push((field - this.#last) << 4 | type);
    this.#last = field;
  }

  #listHead(length: number, type: number): void {
    if (length < 15) this.#bytes.push(length << 4 | type);
    else {
      this.#bytes.push(0xf0 | type);
      this.#varint(length);
    }
  }

  #plainText(value: string): void {
    const bytes = this.#encoder.encode(value);
    this.#varint(bytes.length);
    for (const byte of bytes) this.#bytes.push(byte);
  }

  #varint(value: number): void {
    for (; value > 127; value = Math.floor(value / 128)) this.#bytes.push(value % 128 | 128);
    this.#bytes.push(value);
  }
}
