using System.Globalization;
using System.Numerics;
using Mcu.Generator.Diagnostics;

namespace Mcu.Generator.Planning;

/// <summary>Rejects problems that have no meaning (MCU0821 to MCU0825).</summary>
internal static class ProblemChecker
{
    public static void Check(PlanProblem problem)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (BufferRequest buffer in problem.Buffers)
        {
            CheckBuffer(buffer);
            Require(names.Add(buffer.Name), "MCU0824", "Two buffers have one name.", buffer.Name);
        }

        var pairs = new HashSet<(string, string)>();
        foreach (OverlapRule rule in problem.Overlaps)
        {
            CheckRule(rule, names, pairs);
        }
    }

    private static void CheckBuffer(BufferRequest buffer)
    {
        Require(
            buffer.Bytes > 0,
            "MCU0821",
            string.Create(CultureInfo.InvariantCulture, $"The buffer's size is {buffer.Bytes} bytes; at least 1 is needed."),
            buffer.Name);
        Require(
            buffer.Alignment > 0 && BitOperations.IsPow2(buffer.Alignment),
            "MCU0822",
            string.Create(CultureInfo.InvariantCulture, $"The buffer's alignment {buffer.Alignment} is not a power of two."),
            buffer.Name);
        Require(
            buffer.FirstStep >= 0 && buffer.FirstStep <= buffer.LastStep,
            "MCU0823",
            string.Create(CultureInfo.InvariantCulture, $"The buffer's steps {buffer.FirstStep} to {buffer.LastStep} are not a range."),
            buffer.Name);
    }

    private static void CheckRule(OverlapRule rule, HashSet<string> names, HashSet<(string, string)> pairs)
    {
        string place = rule.Input + " -> " + rule.Output;
        Require(names.Contains(rule.Input) && names.Contains(rule.Output), "MCU0825", "An overlap rule names an unknown buffer.", place);
        Require(!string.Equals(rule.Input, rule.Output, StringComparison.Ordinal), "MCU0825", "An overlap rule names one buffer twice.", place);
        bool isNew = !pairs.Contains((rule.Output, rule.Input)) && pairs.Add((rule.Input, rule.Output));
        Require(isNew, "MCU0825", "Two overlap rules name one pair of buffers.", place);
    }

    private static void Require(bool condition, string code, string message, string place)
    {
        if (!condition)
        {
            throw new DiagnosticException(code, message, place, "This is an error in the schedule given to the planner.");
        }
    }
}
