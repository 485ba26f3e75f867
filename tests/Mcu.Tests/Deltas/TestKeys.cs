using System.Security.Cryptography;
using Mcu.Generator.Deltas.Security;

namespace Mcu.Tests.Deltas;

/// <summary>Published keys: RFC 6979 A.2.5 (P-256) and RFC 8032 section 7.1, tests 1 and 2 (Ed25519).</summary>
internal static class TestKeys
{
    private const string P256Private = "C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721";
    private const string P256Public = "60FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB67903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299";
    private const string EdPrivate = "9D61B19DEFFD5A60BA844AF492EC2CC44449C5697B326919703BAC031CAE7F60";
    private const string EdPublic = "D75A980182B10AB7D54BFED3C964073A0EE172F3DAA62325AF021A68F707511A";
    private const string OtherEdPublic = "3D4017C3E843895A92B70AA74D1B7EBC9C982CCF2EC4968CC0CD55F12AF4660C";

    /// <summary>x and y of the public key.</summary>
    public static string P256PublicPoint => P256Public;

    public static string P256PrivatePem => Pem("PRIVATE KEY", $"308187020100301306072A8648CE3D020106082A8648CE3D030107046D306B0201010420{P256Private}A14403420004{P256Public}");

    public static string P256PublicPem => Pem("PUBLIC KEY", $"3059301306072A8648CE3D020106082A8648CE3D03010703420004{P256Public}");

    public static string EdPrivatePem => Pem("PRIVATE KEY", $"302E020100300506032B657004220420{EdPrivate}");

    public static string EdPublicPem => Pem("PUBLIC KEY", $"302A300506032B6570032100{EdPublic}");

    public static string OtherEdPublicPem => Pem("PUBLIC KEY", $"302A300506032B6570032100{OtherEdPublic}");

    public static PrivateKey P256() => PrivateKey.Parse(P256PrivatePem, "p256.pem");

    public static PrivateKey Ed25519() => PrivateKey.Parse(EdPrivatePem, "ed25519.pem");

    public static string Pem(string label, string hex) => PemEncoding.WriteString(label, Convert.FromHexString(hex)) + "\n";
}
