import type { Figure } from "./figure.ts";
import { reportPage } from "./report-page.ts";
import { writeAtomically } from "./write-file.ts";

/** A key number, shown as a card. Numbers are formatted; text is taken as it is. */
export interface Fact {
  readonly label: string;
  readonly value: string | number;
  readonly unit?: string;
  /** One short line below, such as an interval or what to compare it with. */
  readonly note?: string;
  /** Whether a check passed; left out where there is nothing to pass. */
  readonly verdict?: "pass" | "fail";
}

export interface ReportTable {
  readonly caption?: string;
  readonly columns: readonly { readonly label: string; readonly unit?: string }[];
  /** One cell for each column; null is shown as a dash. */
  readonly rows: readonly (readonly (string | number | null)[])[];
}

export interface ReportFigure {
  readonly figure: Figure;
  /** How to read it. */
  readonly caption: string;
}

export interface ReportSection {
  readonly heading: string;
  /** Text with *emphasis* and `code`. */
  readonly paragraphs?: readonly string[];
  readonly figures?: readonly ReportFigure[];
  readonly tables?: readonly ReportTable[];
}

export interface Report {
  readonly title: string;
  readonly subtitle?: string;
  /** The result in one sentence; *emphasis* as in paragraphs. */
  readonly answer: string;
  readonly facts: readonly Fact[];
  readonly sections: readonly ReportSection[];
  /** Where it came from: versions, seed, device, data checksum, date. */
  readonly provenance: Readonly<Record<string, string | number>>;
}

/**
 * Writes a report as one HTML page that asks nothing of the network: figures inline, light and dark, for desktop, phone and paper.
 *
 * @throws {RangeError} where a table's row has not one cell for each column; {@link WriteError} for the disk.
 */
export async function writeReport(path: string, report: Report): Promise<void> {
  await writeAtomically(path, reportPage(report));
}
