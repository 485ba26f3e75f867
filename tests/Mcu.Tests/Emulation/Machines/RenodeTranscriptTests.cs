using System.Text;
using Mcu.Emulation.Renode;

namespace Mcu.Tests.Emulation.Machines;

/// <summary>The monitor's words as Renode 1.16.1 (commit 06854d4d1) writes them to a telnet connection in plain mode.</summary>
public class RenodeTranscriptTests
{
    private static readonly byte[] Greeting =
        [0xFF, 0xFD, 0x00, 0xFF, 0xFD, 0x1F, 0xFF, 0xFB, 0x01, 0xFF, 0xFB, 0x03, 0xFF, 0xFC, 0x22, .. Encoding.ASCII.GetBytes("Renode, version 1.16.1 (1.16.1+20261124git06854d4d1)\n\r\n\r(monitor) ")];

    [Fact]
    public void The_greeting_ends_with_a_prompt_and_holds_no_negotiation()
    {
        string text = RenodeTranscript.Decode(Greeting);
        Assert.StartsWith("Renode, version 1.16.1", text, StringComparison.Ordinal);
        Assert.True(RenodeTranscript.IsComplete(text));
    }

    [Theory]
    [InlineData("mach create \"mcu\"\n\r(mcu)", "")]
    [InlineData(" cpu IsSemihostingEnabled true\n\r(mcu)", "")]
    [InlineData("cpu VectorTableOffset\n\r0x00000000\r\r\n(mcu) ", "0x00000000")]
    [InlineData("agent Run 0 20000\n\rexit 290e 8061851 0\r\r\n(mcu) ", "exit 290e 8061851 0")]
    [InlineData("cpu.semihosting Exited\n\rTrue\r\r\n(mcu) ", "True")]
    [InlineData("start\n\rStarting emulation...\r\n\r(mcu) ", "Starting emulation...")]
    [InlineData("Clear\n\r(monitor)", "")]
    public void An_answer_is_what_stands_between_echo_and_prompt(string text, string answer)
    {
        Assert.True(RenodeTranscript.IsComplete(text));
        Assert.Equal(answer, RenodeTranscript.Answer(text));
        Assert.Null(RenodeTranscript.Complaint(answer));
    }

    [Theory]
    [InlineData("agent Run 0 10000\n\r")]
    [InlineData("agent Run 0 10000\n\rexit 290e 75")]
    [InlineData("sysbus LoadELF @/tmp/(mcu)/a.elf\n\r")]
    public void A_command_without_a_prompt_has_not_ended(string text) => Assert.False(RenodeTranscript.IsComplete(text));

    [Theory]
    [InlineData("cpu Foo 3\n\rThere was an error executing command 'cpu Foo 3': \r\nsysbus.cpu does not provide a field, method or property Foo.\r\n(mcu) ", "sysbus.cpu does not provide a field, method or property Foo.")]
    [InlineData("include @/nowhere.resc\n\rThere was an error executing command 'include @/nowhere.resc': \r\nFile does not exist: /nowhere.resc\r\n(mcu) ", "File does not exist: /nowhere.resc")]
    [InlineData("agent Break 0x44c\n\rNo such command or device: agent\r\n(mcu) ", "No such command or device: agent")]
    [InlineData("include @/tmp/A.cs\n\rErrors during compilation or loading:\r\nCould not compile assembly from: /tmp/A.cs\r\n/tmp/A.cs(98,21): error CS1061: 'CortexM' does not contain a definition for 'GetMachine'\r\n(monitor) ", "error CS1061")]
    public void A_complaint_is_recognised_and_told_in_one_line(string text, string words)
    {
        string? complaint = RenodeTranscript.Complaint(RenodeTranscript.Answer(text));
        Assert.NotNull(complaint);
        Assert.Contains(words, complaint, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', complaint);
    }

    [Fact]
    public void The_monitor_s_port_is_read_from_the_log()
    {
        Assert.Equal(43567, RenodeTranscript.MonitorPort("12:00:00.1 [INFO] Loaded monitor commands from: x\n12:00:00.2 [INFO] Monitor available in telnet mode on port 43567\n"));
        Assert.Null(RenodeTranscript.MonitorPort("12:00:00.2 [INFO] Monitor available in telnet mode on port 4"));
    }

    [Fact]
    public void The_agent_s_state_is_read()
    {
        Assert.Equal(new RenodeState("hit", 0x44c, 93503, 0), RenodeState.Parse("hit 44c 93503 0"));
    }
}
