"""Certificates made for a test, by openssl: an authority, servers and clients."""

import subprocess

KINDS = {
    "rsa2048": ["rsa:2048"],
    "rsa4096": ["rsa:4096"],
    "p256": ["ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"],
    "p384": ["ec", "-pkeyopt", "ec_paramgen_curve:secp384r1"],
}


def openssl(*args):
    subprocess.run(["openssl", *map(str, args)], check=True, capture_output=True)


class Authority:
    """One that signs; what it makes lies in its directory as name.pem, with its key, and name.key."""

    def __init__(self, directory, name="ca", kind="p256"):
        self.directory, self.name = directory, name
        self.pem = directory / f"{name}.pem"
        openssl("req", "-x509", "-newkey", *KINDS[kind], "-nodes", "-days", 30,
                "-subj", f"/CN={name}", "-keyout", directory / f"{name}.key", "-out", self.pem)

    def issue(self, name, kind="p256", subject="/CN=localhost", days=30,
              names="DNS:localhost,IP:127.0.0.1"):
        stem = self.directory / name
        openssl("req", "-newkey", *KINDS[kind], "-nodes", "-subj", subject,
                "-keyout", f"{stem}.key", "-out", f"{stem}.csr")
        extensions = "extendedKeyUsage=serverAuth,clientAuth\n"
        extensions += f"subjectAltName={names}\n" if names else ""
        (self.directory / f"{name}.ext").write_text(extensions)
        openssl("x509", "-req", "-in", f"{stem}.csr", "-days", days, "-CA", self.pem,
                "-CAkey", self.directory / f"{self.name}.key", "-CAcreateserial",
                "-extfile", f"{stem}.ext", "-out", f"{stem}.crt")
        pem = self.directory / f"{name}.pem"
        pem.write_text(open(f"{stem}.crt").read() + open(f"{stem}.key").read())
        return pem
