"""What the daemon exports, judged by Prometheus itself."""

import json
import subprocess
import tempfile
import time
import unittest
import urllib.error
import urllib.parse
import urllib.request

import processes


def get(url, timeout_s=20.0):
    with urllib.request.urlopen(url, timeout=timeout_s) as response:
        return response.read().decode()


class MetricsTest(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = folder.name
        cls.daemon = processes.Daemon(cls, folder.name, processes.house_config()).wait_ready()
        cls.url = f"http://{cls.daemon.metrics_address}/metrics"
        processes.wait_until(lambda: "abcds_grid_power_watts" in get(cls.url), "the meter's value is exported")

    def test_promtool_finds_nothing_to_complain_about(self):
        done = subprocess.run(["promtool", "check", "metrics"], input=get(self.url), capture_output=True, text=True,
                              check=False)
        # Exit code 3 and lines of advice for the exporter library's own metrics do not concern us.
        ours = [line for line in (done.stdout + done.stderr).splitlines() if line.startswith("abcds_")]
        self.assertEqual(ours, [])
        self.assertNotIn("error while linting", done.stdout + done.stderr)

    def test_number_of_series_is_bounded(self):
        series = [line for line in get(self.url).splitlines() if line.startswith("abcds_")]
        self.assertGreater(len(series), 50)
        self.assertLess(len(series), 1500)

    def test_prometheus_scrapes_and_answers(self):
        port = processes.free_port()
        config = f"{self.folder}/prometheus.yml"
        with open(config, "w", encoding="utf-8") as file:
            json.dump({"global": {"scrape_interval": "1s"},
                       "scrape_configs": [{"job_name": "abcds",
                                           "static_configs": [{"targets": [self.daemon.metrics_address]}]}]}, file)
        prometheus = processes.start(self, "prometheus", f"--config.file={config}",
                                     f"--storage.tsdb.path={self.folder}/data", f"--web.listen-address=127.0.0.1:{port}")

        def query(expression):
            if not prometheus.running():
                raise AssertionError(prometheus.text())
            url = f"http://127.0.0.1:{port}/api/v1/query?{urllib.parse.urlencode({'query': expression})}"
            try:
                return json.loads(get(url))["data"]["result"]
            except (urllib.error.URLError, ConnectionError):
                return None

        processes.wait_until(lambda: (r := query('up{job="abcds"}')) and r[0]["value"][1] == "1", "the target is up", 60.0)
        power = processes.wait_until(lambda: query("abcds_grid_power_watts"), "the grid's power is stored")
        self.assertLess(abs(float(power[0]["value"][1])), 20_000.0)
        # The cycle's counter grows at the rate of the configured period.
        processes.wait_until(
            lambda: (r := query("rate(abcds_cycles_total[10s]) * abcds_cycle_period_seconds")) and
            0.5 < float(r[0]["value"][1]) < 1.5, "the rate of cycles is that of the period", 60.0)
        buckets = processes.wait_until(lambda: query("histogram_quantile(0.5, rate(abcds_cycle_compute_seconds_bucket[10s]))"),
                                       "the histogram of computing times")
        self.assertLess(float(buckets[0]["value"][1]), 0.02)

    def test_scraping_does_not_disturb_the_cycle(self):
        def number(name):
            return next(float(line.split()[-1]) for line in get(self.url).splitlines() if line.startswith(name + " ") or
                        line.startswith(name + "{"))
        started, cycles = time.monotonic(), number("abcds_cycles_total")
        for _ in range(50):
            get(self.url)
        elapsed, ran = time.monotonic() - started, number("abcds_cycles_total") - cycles
        self.assertGreater(ran * number("abcds_cycle_period_seconds"), 0.5 * elapsed - 0.5)


if __name__ == "__main__":
    unittest.main()
