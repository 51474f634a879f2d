"""A holder whose unit systemd froze: no state of the process tells it, its cgroup does."""

import subprocess

import support

UNIT = "unlimited.service"


class FrozenTest(support.TestCase):
    applications = (UNIT,)

    def test_a_frozen_unit_is_told_until_it_is_thawed(self):
        self.await_value(0, "sqlite_holder_stopped", owner_unit=UNIT)
        support.command("systemctl", "freeze", UNIT)
        self.addCleanup(subprocess.run, ["systemctl", "thaw", UNIT], check=False)
        self.check_equal("the unit", support.unit_property(UNIT, "FreezerState"), "frozen")
        state = support.read(f"/proc/{support.unit_property(UNIT, 'MainPID')}/stat")
        self.assertNotIn(state.rpartition(") ")[2][0], "Tt")
        self.await_value(1, "sqlite_holder_stopped", owner_unit=UNIT)
        support.command("systemctl", "thaw", UNIT)
        self.await_value(0, "sqlite_holder_stopped", owner_unit=UNIT)
