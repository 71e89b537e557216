"""python3 -m unittest table_test, run in tools/gpu-check."""

import unittest

from table import bandwidth, rows, text

COPY = {"name": "copy", "size": "8 bytes", "seconds": {"min": 1, "median": 2, "max": 3}, "bytes": 2000}


def line(name, size, median, **figures):
    return {"name": name, "size": size, "seconds": {"min": median / 2, "median": median, "max": 2 * median}, **figures}


def peer(name, size, median):
    return {**line(name, size, median), "peer": "PyTorch 2, eager"}


class Table(unittest.TestCase):
    def only(self, ours, peers=()):
        return rows([{"device": "a card"}, COPY, ours], list(peers))[1]

    def test_the_copy_gives_the_bandwidth_that_others_are_measured_by(self):
        self.assertEqual(bandwidth([COPY]), 1000)
        row = self.only(line("cluster, tanh", "10", 1, bytes=700))
        self.assertEqual(row["shareOfCopy"], 0.7)
        self.assertIs(row["met"], False)
        self.assertIs(self.only(line("cluster, tanh", "10", 1, bytes=900))["met"], True)

    def test_training_has_a_bar_for_each_batch_size(self):
        for batch, ratio, met in ((200, 31, True), (200, 29, False), (16384, 3.1, True), (16384, 2.9, False)):
            size = f"two_moons (2, 2) batch {batch}"
            for name in ("train nsf", "train nsf, N-API"):
                row = self.only(line(name, size, 0.5), [peer("train nsf", size, 0.5 * ratio)])
                self.assertAlmostEqual(row["ratio"], ratio)
                self.assertIs(row["met"], met)

    def test_without_a_peer_there_is_neither_ratio_nor_verdict(self):
        row = self.only(line("train nsf", "two_moons (2, 2) batch 200", 0.5))
        self.assertIsNone(row["ratio"])
        self.assertIsNone(row["met"])

    def test_events_are_counted_by_the_second(self):
        self.assertIs(self.only(line("event simulation", "8 paths", 1, events=6e9))["met"], True)
        self.assertIs(self.only(line("event simulation", "8 paths", 1, events=4e9))["met"], False)

    def test_parity_is_judged_by_the_difference(self):
        for difference, met in ((1e-6, True), (1e-2, False), (float("inf"), False)):
            self.assertIs(self.only({"name": "parity nsf", "size": "batch 40", "difference": difference})["met"], met)

    def test_the_emulators_times_are_not_judged_and_its_results_are(self):
        ours = [COPY, line("cluster, tanh", "10", 1, bytes=1), {"name": "parity nsf", "size": "batch 40", "difference": 1}]
        self.assertEqual([row["met"] for row in rows(ours, [], timed=False)], [None, None, False])

    def test_the_printed_table_has_a_line_for_each_row(self):
        printed = text(rows([COPY, line("matmul", "4 x 4 x 4", 1e-6, flops=128)], [peer("matmul", "4 x 4 x 4", 3e-6)])).splitlines()
        self.assertEqual(len(printed), 4)
        self.assertIn("1 us", printed[3])
        self.assertIn("0.000128 TFLOP/s", printed[3])
        self.assertIn("  3 ", printed[3])


if __name__ == "__main__":
    unittest.main()
